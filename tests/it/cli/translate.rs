//! `sexton translate`.

use super::*;

#[test]
fn translate_writes_an_expression_for_another_cron() {
    prints("translate|0|9|*|*|1-5|--to|quartz", "0 0 9 ? * mon-fri\n");
    prints("translate|0 0 9 ? * 2-6|--dialect|quartz|--to|cronie", "0 9 * * mon-fri\n");
    prints("translate|30 0 9 * * 1|--to|croniter", "0 9 * * mon 30\n");
    prints("translate|H 4 * * *|--hash-id|report|--to|cronie", "44 4 * * *\n");
    prints("translate|0 0 13 * fri|--days|and|--to|default", "days=and 0 0 13 * fri\n");
    prints("translate|0 9 * * 1-5", "default: 0 9 * * mon-fri\ncroniter: 0 9 * * mon-fri\nquartz: 0 0 9 ? * mon-fri\ncron: 0 0 9 * * mon-fri\neventbridge: cron(0 9 ? * mon-fri *)\ncronie: 0 9 * * mon-fri\n");
}

#[test]
fn an_expression_that_cannot_be_translated_is_reported() {
    fails(
        "translate|0 9 * * friL|--to|cronie",
        1,
        "sexton: not to be written for cronie: day of week: it has no `L`, `W` or `#`\n",
    );
    assert_eq!(
        call(&["translate", "0 0 13 * fri", "--days", "and"]),
        (
            0,
            "default: days=and 0 0 13 * fri\nquartz: 0 0 0 13 * fri\ncron: 0 0 0 13 * fri\n".to_string(),
            "\
sexton: not to be written for croniter: it fires if either of the two day fields matches, this if both do
sexton: warning: Quartz itself refuses this: one of its two day fields must be `?`
sexton: not to be written for eventbridge: one of its two day fields is always `?`
sexton: not to be written for cronie: it fires if either of the two day fields matches, this if both do
"
            .to_string()
        )
    );
    fails(
        "translate|0 9 * *|--to|cronie",
        1,
        "sexton: expression: found 4 fields, expected 5, 6 (seconds first) or 7 (seconds first, year last)\n    \
         0 9 * *\n    ^^^^^^^\n",
    );
    let zone = "sexton: found the zone `Europe/Paris`, expected the fields alone: zones are not translated\n";
    fails("translate|CRON_TZ=Europe/Paris 0 9 * * *", 1, zone);
    fails("translate|0 9 * * * Europe/Paris|--to|quartz", 1, zone);
}
