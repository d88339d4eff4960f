# Completions of sexton for bash. Written by its tests.
_sexton() {
    local word=${COMP_WORDS[COMP_CWORD]} options values
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W 'run ctl list next week diff explain why check translate --help --version' -- "$word")
        return
    fi
    case ${COMP_WORDS[1]} in
    run) options='--dialect --days --star-bit --seconds --hash-id --hash-nicknames --time-limit --retry --overlap --output --dir --journal --zone --grace --at-most --log --quiet --verbose --log-commands --dry-run --until --once --status --claim --claim-failure --claim-limit --system --help --version' ;;
    ctl) options='--socket --json --help --version' ;;
    list) options='--from --until --zone --json --dialect --days --star-bit --seconds --hash-id --hash-nicknames --system --help --version' ;;
    next) options='--count --from --until --zone --format --previous --json --dialect --days --star-bit --seconds --hash-id --hash-nicknames --system --help --version' ;;
    week) options='--from --zone --svg --dialect --days --star-bit --seconds --hash-id --hash-nicknames --system --help --version' ;;
    diff) options='--from --until --zone --count --svg --dialect --days --star-bit --seconds --hash-id --hash-nicknames --system --help --version' ;;
    explain) options='--from --zone --dialect --days --star-bit --seconds --hash-id --hash-nicknames --help --version' ;;
    why) options='--zone --dialect --days --star-bit --seconds --hash-id --hash-nicknames --help --version' ;;
    check) options='--dialect --days --star-bit --seconds --hash-id --hash-nicknames --strict --allow --system --help --version' ;;
    translate) options='--to --dialect --days --star-bit --seconds --hash-id --hash-nicknames --help --version' ;;
    esac
    case ${COMP_WORDS[COMP_CWORD-1]} in
    --claim-failure) values='skip run retry' ;;
    --dialect) values='default croniter quartz cron eventbridge cronie' ;;
    --to) values='default croniter quartz cron eventbridge cronie' ;;
    --days) values='and or' ;;
    --seconds) values='first last none' ;;
    --format) values='rfc3339 civil unix' ;;
    --log) values='text json' ;;
    --output) values='plain prefix json' ;;
    --overlap) values='skip queue allow' ;;
    esac
    if [ -n "$values" ]; then
        options=$values
    elif [[ $word != -* ]]; then
        options=
    fi
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
}
complete -o default -F _sexton sexton
