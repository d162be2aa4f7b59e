# Completion of weir for bash.
_weir() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} options
    case $before in
        -c | --config | --ca)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
    esac
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W 'init serve check config health token sub pub version --help --version' -- "$word")
        return
    fi
    case ${COMP_WORDS[1]} in
        init)
            mapfile -t COMPREPLY < <(compgen -d -- "$word")
            return
            ;;
        serve | check | health) options='--config --set' ;;
        config) options='--config --set --defaults' ;;
        token) options='--config --set --user --ttl' ;;
        sub) options='--token --ca --insecure --reconnect --json --count --last --state --presence --rate' ;;
        pub) options='--token --ca --insecure --event --key --dedupe --volatile --quiet' ;;
        *) options='' ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "--help $options" -- "$word")
}
complete -o filenames -F _weir weir
