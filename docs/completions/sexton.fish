# Completions of sexton for fish. Written by its tests.
complete -c sexton -n __fish_use_subcommand -f -a run -d 'run crontabs in the foreground'
complete -c sexton -n '__fish_seen_subcommand_from run' -l dialect -x -a 'default croniter quartz cron eventbridge cronie'
complete -c sexton -n '__fish_seen_subcommand_from run' -l days -x -a 'and or'
complete -c sexton -n '__fish_seen_subcommand_from run' -l star-bit
complete -c sexton -n '__fish_seen_subcommand_from run' -l seconds -x -a 'first last none'
complete -c sexton -n '__fish_seen_subcommand_from run' -l hash-id -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l hash-nicknames
complete -c sexton -n '__fish_seen_subcommand_from run' -l time-limit -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l retry -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l overlap -x -a 'skip queue allow'
complete -c sexton -n '__fish_seen_subcommand_from run' -l output -x -a 'plain prefix json'
complete -c sexton -n '__fish_seen_subcommand_from run' -l dir -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l journal -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l zone -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l grace -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l at-most -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l log -x -a 'text json'
complete -c sexton -n '__fish_seen_subcommand_from run' -l quiet
complete -c sexton -n '__fish_seen_subcommand_from run' -l verbose
complete -c sexton -n '__fish_seen_subcommand_from run' -l log-commands
complete -c sexton -n '__fish_seen_subcommand_from run' -l dry-run
complete -c sexton -n '__fish_seen_subcommand_from run' -l until -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l once -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l status -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l claim -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l claim-failure -x -a 'skip run retry'
complete -c sexton -n '__fish_seen_subcommand_from run' -l claim-limit -r
complete -c sexton -n '__fish_seen_subcommand_from run' -l system
complete -c sexton -n __fish_use_subcommand -f -a ctl -d 'list, run, pause and resume the jobs of a `sexton run`, follow its log'
complete -c sexton -n '__fish_seen_subcommand_from ctl' -l socket -r
complete -c sexton -n '__fish_seen_subcommand_from ctl' -l json
complete -c sexton -n __fish_use_subcommand -f -a list -d 'list the jobs of crontabs, and when they are due'
complete -c sexton -n '__fish_seen_subcommand_from list' -l from -r
complete -c sexton -n '__fish_seen_subcommand_from list' -l until -r
complete -c sexton -n '__fish_seen_subcommand_from list' -l zone -r
complete -c sexton -n '__fish_seen_subcommand_from list' -l json
complete -c sexton -n '__fish_seen_subcommand_from list' -l dialect -x -a 'default croniter quartz cron eventbridge cronie'
complete -c sexton -n '__fish_seen_subcommand_from list' -l days -x -a 'and or'
complete -c sexton -n '__fish_seen_subcommand_from list' -l star-bit
complete -c sexton -n '__fish_seen_subcommand_from list' -l seconds -x -a 'first last none'
complete -c sexton -n '__fish_seen_subcommand_from list' -l hash-id -r
complete -c sexton -n '__fish_seen_subcommand_from list' -l hash-nicknames
complete -c sexton -n '__fish_seen_subcommand_from list' -l system
complete -c sexton -n __fish_use_subcommand -f -a next -d 'print the next times of a cron expression, or of a crontab\'s jobs'
complete -c sexton -n '__fish_seen_subcommand_from next' -l count -r
complete -c sexton -n '__fish_seen_subcommand_from next' -l from -r
complete -c sexton -n '__fish_seen_subcommand_from next' -l until -r
complete -c sexton -n '__fish_seen_subcommand_from next' -l zone -r
complete -c sexton -n '__fish_seen_subcommand_from next' -l format -x -a 'rfc3339 civil unix'
complete -c sexton -n '__fish_seen_subcommand_from next' -l previous
complete -c sexton -n '__fish_seen_subcommand_from next' -l json
complete -c sexton -n '__fish_seen_subcommand_from next' -l dialect -x -a 'default croniter quartz cron eventbridge cronie'
complete -c sexton -n '__fish_seen_subcommand_from next' -l days -x -a 'and or'
complete -c sexton -n '__fish_seen_subcommand_from next' -l star-bit
complete -c sexton -n '__fish_seen_subcommand_from next' -l seconds -x -a 'first last none'
complete -c sexton -n '__fish_seen_subcommand_from next' -l hash-id -r
complete -c sexton -n '__fish_seen_subcommand_from next' -l hash-nicknames
complete -c sexton -n '__fish_seen_subcommand_from next' -l system
complete -c sexton -n __fish_use_subcommand -f -a week -d 'show a week of jobs, hour by hour, and which of them meet'
complete -c sexton -n '__fish_seen_subcommand_from week' -l from -r
complete -c sexton -n '__fish_seen_subcommand_from week' -l zone -r
complete -c sexton -n '__fish_seen_subcommand_from week' -l svg -r
complete -c sexton -n '__fish_seen_subcommand_from week' -l dialect -x -a 'default croniter quartz cron eventbridge cronie'
complete -c sexton -n '__fish_seen_subcommand_from week' -l days -x -a 'and or'
complete -c sexton -n '__fish_seen_subcommand_from week' -l star-bit
complete -c sexton -n '__fish_seen_subcommand_from week' -l seconds -x -a 'first last none'
complete -c sexton -n '__fish_seen_subcommand_from week' -l hash-id -r
complete -c sexton -n '__fish_seen_subcommand_from week' -l hash-nicknames
complete -c sexton -n '__fish_seen_subcommand_from week' -l system
complete -c sexton -n __fish_use_subcommand -f -a diff -d 'show what fires differently in another crontab, or by another expression'
complete -c sexton -n '__fish_seen_subcommand_from diff' -l from -r
complete -c sexton -n '__fish_seen_subcommand_from diff' -l until -r
complete -c sexton -n '__fish_seen_subcommand_from diff' -l zone -r
complete -c sexton -n '__fish_seen_subcommand_from diff' -l count -r
complete -c sexton -n '__fish_seen_subcommand_from diff' -l svg -r
complete -c sexton -n '__fish_seen_subcommand_from diff' -l dialect -x -a 'default croniter quartz cron eventbridge cronie'
complete -c sexton -n '__fish_seen_subcommand_from diff' -l days -x -a 'and or'
complete -c sexton -n '__fish_seen_subcommand_from diff' -l star-bit
complete -c sexton -n '__fish_seen_subcommand_from diff' -l seconds -x -a 'first last none'
complete -c sexton -n '__fish_seen_subcommand_from diff' -l hash-id -r
complete -c sexton -n '__fish_seen_subcommand_from diff' -l hash-nicknames
complete -c sexton -n '__fish_seen_subcommand_from diff' -l system
complete -c sexton -n __fish_use_subcommand -f -a explain -d 'explain an expression, in words and field by field'
complete -c sexton -n '__fish_seen_subcommand_from explain' -l from -r
complete -c sexton -n '__fish_seen_subcommand_from explain' -l zone -r
complete -c sexton -n '__fish_seen_subcommand_from explain' -l dialect -x -a 'default croniter quartz cron eventbridge cronie'
complete -c sexton -n '__fish_seen_subcommand_from explain' -l days -x -a 'and or'
complete -c sexton -n '__fish_seen_subcommand_from explain' -l star-bit
complete -c sexton -n '__fish_seen_subcommand_from explain' -l seconds -x -a 'first last none'
complete -c sexton -n '__fish_seen_subcommand_from explain' -l hash-id -r
complete -c sexton -n '__fish_seen_subcommand_from explain' -l hash-nicknames
complete -c sexton -n __fish_use_subcommand -f -a why -d 'explain why an expression is due at a time, or why not'
complete -c sexton -n '__fish_seen_subcommand_from why' -l zone -r
complete -c sexton -n '__fish_seen_subcommand_from why' -l dialect -x -a 'default croniter quartz cron eventbridge cronie'
complete -c sexton -n '__fish_seen_subcommand_from why' -l days -x -a 'and or'
complete -c sexton -n '__fish_seen_subcommand_from why' -l star-bit
complete -c sexton -n '__fish_seen_subcommand_from why' -l seconds -x -a 'first last none'
complete -c sexton -n '__fish_seen_subcommand_from why' -l hash-id -r
complete -c sexton -n '__fish_seen_subcommand_from why' -l hash-nicknames
complete -c sexton -n __fish_use_subcommand -f -a check -d 'list mistakes and likely mistakes in a crontab, with line and column'
complete -c sexton -n '__fish_seen_subcommand_from check' -l dialect -x -a 'default croniter quartz cron eventbridge cronie'
complete -c sexton -n '__fish_seen_subcommand_from check' -l days -x -a 'and or'
complete -c sexton -n '__fish_seen_subcommand_from check' -l star-bit
complete -c sexton -n '__fish_seen_subcommand_from check' -l seconds -x -a 'first last none'
complete -c sexton -n '__fish_seen_subcommand_from check' -l hash-id -r
complete -c sexton -n '__fish_seen_subcommand_from check' -l hash-nicknames
complete -c sexton -n '__fish_seen_subcommand_from check' -l strict
complete -c sexton -n '__fish_seen_subcommand_from check' -l allow -r
complete -c sexton -n '__fish_seen_subcommand_from check' -l system
complete -c sexton -n __fish_use_subcommand -f -a translate -d 'write an expression for another cron'
complete -c sexton -n '__fish_seen_subcommand_from translate' -l to -x -a 'default croniter quartz cron eventbridge cronie'
complete -c sexton -n '__fish_seen_subcommand_from translate' -l dialect -x -a 'default croniter quartz cron eventbridge cronie'
complete -c sexton -n '__fish_seen_subcommand_from translate' -l days -x -a 'and or'
complete -c sexton -n '__fish_seen_subcommand_from translate' -l star-bit
complete -c sexton -n '__fish_seen_subcommand_from translate' -l seconds -x -a 'first last none'
complete -c sexton -n '__fish_seen_subcommand_from translate' -l hash-id -r
complete -c sexton -n '__fish_seen_subcommand_from translate' -l hash-nicknames
complete -c sexton -l help
complete -c sexton -l version
