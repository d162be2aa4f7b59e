#include "api/state.hpp"

namespace weir::api {

// One document by hand: the routes are few, and tests/api hold it against them.
std::string_view openapi_json() noexcept {
    return R"json({
"openapi": "3.1.0",
"info": {"title": "Weir server API", "version": "1",
  "description": "For backends and operators, on the internal listener. Errors are {error: {code, message}} with the codes of the client protocol."},
"servers": [{"url": "/api/v1"}],
"security": [{"key": []}],
"paths": {
"/publish": {"post": {"summary": "Publish a message to a topic", "description": "Scope publish. Answered when the broker holds the message.",
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Publication"}}}},
  "responses": {"200": {"description": "Stored", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Published"}}}}, "default": {"$ref": "#/components/responses/Error"}}}},
"/publish/batch": {"post": {"summary": "Publish many messages in order", "description": "Scope publish. A JSON array, or NDJSON as application/x-ndjson; at most 1000. One answer an element, in order: a position or an error.",
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "array", "maxItems": 1000, "items": {"$ref": "#/components/schemas/Publication"}}}, "application/x-ndjson": {"schema": {"type": "string"}}}},
  "responses": {"200": {"description": "An answer per element", "content": {"application/json": {"schema": {"type": "array", "items": {"anyOf": [{"$ref": "#/components/schemas/Published"}, {"$ref": "#/components/schemas/Error"}]}}}}}, "default": {"$ref": "#/components/responses/Error"}}}},
"/send": {"post": {"summary": "Send to one session or all of a user's", "description": "Scope send. Arrives as a message of $session.ID or $user.ID.",
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"allOf": [{"$ref": "#/components/schemas/Target"}, {"type": "object", "required": ["payload"], "properties": {"event": {"type": "string", "maxLength": 200}, "payload": {}}}]}}}},
  "responses": {"200": {"$ref": "#/components/responses/Sessions"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/disconnect": {"post": {"summary": "Close connections", "description": "Scope disconnect. Without a code: 4003.",
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"allOf": [{"$ref": "#/components/schemas/Target"}, {"type": "object", "properties": {"code": {"type": "integer", "minimum": 4000, "maximum": 4299}, "reason": {"type": "string"}}}]}}}},
  "responses": {"200": {"$ref": "#/components/responses/Sessions"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/subscribe": {"post": {"summary": "Subscribe sessions to a topic", "description": "Scope subscribe. The topic rules are not asked.",
  "requestBody": {"$ref": "#/components/requestBodies/TargetAndTopic"},
  "responses": {"200": {"$ref": "#/components/responses/Sessions"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/unsubscribe": {"post": {"summary": "End subscriptions; clients are told", "description": "Scope subscribe.",
  "requestBody": {"$ref": "#/components/requestBodies/TargetAndTopic"},
  "responses": {"200": {"$ref": "#/components/responses/Sessions"}, "default": {"$ref": "#/components/responses/Error"}}}},
"/topics": {"get": {"summary": "Topics in name order", "description": "Scope read.",
  "parameters": [{"$ref": "#/components/parameters/limit"}, {"name": "after", "in": "query", "schema": {"type": "string"}, "description": "the last name of the page before"}],
  "responses": {"200": {"description": "A page", "content": {"application/json": {"schema": {"type": "object", "properties": {"topics": {"type": "array", "items": {"$ref": "#/components/schemas/Topic"}}, "more": {"type": "boolean"}}}}}}, "default": {"$ref": "#/components/responses/Error"}}}},
"/topics/{topic}": {"get": {"summary": "One topic", "description": "Scope read.",
  "parameters": [{"name": "topic", "in": "path", "required": true, "schema": {"type": "string"}}],
  "responses": {"200": {"description": "Its position and subscribers", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Topic"}}}}, "default": {"$ref": "#/components/responses/Error"}}}},
"/connections": {"get": {"summary": "Connections in the order they came", "description": "Scope read.",
  "parameters": [{"$ref": "#/components/parameters/limit"}, {"name": "after", "in": "query", "schema": {"type": "integer"}, "description": "the last `connection` of the page before"}, {"name": "user", "in": "query", "schema": {"type": "string"}}],
  "responses": {"200": {"description": "A page", "content": {"application/json": {"schema": {"type": "object", "properties": {"connections": {"type": "array", "items": {"$ref": "#/components/schemas/Connection"}}, "total": {"type": "integer"}, "more": {"type": "boolean"}}}}}}, "default": {"$ref": "#/components/responses/Error"}}}},
"/connections/{session}": {"get": {"summary": "One connection with its topics", "description": "Scope read.",
  "parameters": [{"name": "session", "in": "path", "required": true, "schema": {"type": "string"}}],
  "responses": {"200": {"description": "Identity, subscriptions, queues", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Connection"}}}}, "default": {"$ref": "#/components/responses/Error"}}}},
"/nodes": {"get": {"summary": "The nodes of this server", "description": "Scope read.",
  "responses": {"200": {"description": "Nodes", "content": {"application/json": {"schema": {"type": "object", "properties": {"nodes": {"type": "array", "items": {"type": "object"}}}}}}}, "default": {"$ref": "#/components/responses/Error"}}}},
"/drain": {"post": {"summary": "Send every client away and end the process", "description": "Scope operate. As SIGTERM does; `rate` is clients a second.",
  "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": {"rate": {"type": "number", "minimum": 1}}}}}},
  "responses": {"202": {"description": "It has begun", "content": {"application/json": {"schema": {"type": "object", "properties": {"draining": {"type": "boolean"}, "spread_ms": {"type": "integer"}}}}}}, "default": {"$ref": "#/components/responses/Error"}}}},
"/shed": {"post": {"summary": "Send a share of the clients away", "description": "Scope operate. They come back to whichever node takes them.",
  "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["percent"], "properties": {"percent": {"type": "number", "minimum": 0, "maximum": 100}}}}}},
  "responses": {"200": {"$ref": "#/components/responses/Sessions"}, "default": {"$ref": "#/components/responses/Error"}}}}
},
"components": {
"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
"parameters": {"limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 100, "maximum": 1000}}},
"requestBodies": {"TargetAndTopic": {"required": true, "content": {"application/json": {"schema": {"allOf": [{"$ref": "#/components/schemas/Target"}, {"type": "object", "required": ["topic"], "properties": {"topic": {"type": "string"}}}]}}}}},
"responses": {
"Error": {"description": "Why not", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
"Sessions": {"description": "How many sessions it reached", "content": {"application/json": {"schema": {"type": "object", "properties": {"sessions": {"type": "integer"}}}}}}},
"schemas": {
"Error": {"type": "object", "properties": {"error": {"type": "object", "required": ["code", "message"], "properties": {"code": {"enum": ["bad_request", "unsupported", "unauthorized", "token_expired", "reauth_required", "forbidden", "too_large", "rate_limited", "limit_reached", "not_subscribed", "conflict", "unavailable", "timeout", "internal"]}, "message": {"type": "string"}, "retry_after_ms": {"type": "integer"}, "outcome": {"enum": ["not_stored", "unknown"]}}}}},
"Position": {"type": "object", "properties": {"epoch": {"type": "string"}, "offset": {"type": "integer"}}},
"Published": {"type": "object", "properties": {"position": {"$ref": "#/components/schemas/Position"}}},
"Publication": {"type": "object", "required": ["topic", "payload"], "properties": {"topic": {"type": "string", "minLength": 1, "maxLength": 200}, "event": {"type": "string", "maxLength": 200}, "payload": {"description": "any JSON value; reaches clients byte for byte"}, "key": {"type": "string", "maxLength": 200}, "exclude_session": {"type": "string", "description": "this session does not get it"}}},
"Target": {"type": "object", "description": "exactly one of the two", "properties": {"user": {"type": "string"}, "session": {"type": "string"}}},
"Topic": {"type": "object", "properties": {"topic": {"type": "string"}, "position": {"$ref": "#/components/schemas/Position"}, "subscribers": {"type": "integer"}}},
"Connection": {"type": "object", "properties": {"connection": {"type": "integer"}, "session": {"type": "string"}, "user": {"type": ["string", "null"]}, "address": {"type": "string"}, "transport": {"const": "websocket"}, "secure": {"type": "boolean"}, "open": {"type": "boolean"}, "shard": {"type": "integer"}, "opened_at": {"type": "integer"}, "bytes_in": {"type": "integer"}, "bytes_out": {"type": "integer"}, "messages_in": {"type": "integer"}, "messages_out": {"type": "integer"}, "outbox_frames": {"type": "integer"}, "outbox_bytes": {"type": "integer"}, "subscriptions": {"type": "integer"}, "topics": {"type": "array", "items": {"type": "string"}}}}
}}
})json";
}

}  // namespace weir::api
