# Run as a script: cmake -DINPUT=file -DOUTPUT=file.cpp -DSYMBOL=name -P WeirEmbed.cmake
# Writes the file as a byte array, so that the binary needs no files beside it.
file(READ "${INPUT}" hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE "${OUTPUT}" "#include <cstddef>
extern unsigned char const ${SYMBOL}[];
extern std::size_t const ${SYMBOL}_size;
unsigned char const ${SYMBOL}[] = {${bytes}};
std::size_t const ${SYMBOL}_size = sizeof ${SYMBOL};
")
