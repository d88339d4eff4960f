//! `sexton check`.

use super::*;

#[test]
fn check_tells_every_mistake_with_its_place() {
    let (status, stdout, stderr) = call_with_input(&["check", "-"], "61 9 * * mom x\n# fine\n@dialy y\n");
    assert_eq!(
        stdout,
        "<stdin>:1:1: minute: no such value `61`, expected 0-59\n    61 9 * * mom x\n    ^^\n\
         <stdin>:1:10: day of week: unknown name `mom`, expected sun-sat or 0-7; did you mean `mon`?\n    61 9 * * mom x\n             ^^^\n\
         <stdin>:3:1: unknown nickname `@dialy`, expected @yearly, @annually, @monthly, @weekly, @daily, @midnight, \
         @hourly, @reboot or @every and a period\n    @dialy y\n    ^^^^^^\n"
    );
    assert_eq!((status, &*stderr), (1, ""));
    let fine = |jobs: &str, input: &str| {
        assert_eq!(
            call_with_input(&["check", "-"], input),
            (0, format!("{jobs}, no mistakes\n"), String::new())
        );
    };
    fine("2 jobs", "A=1\n@daily x\n* * * * * * y");
    fine("1 job", "@daily x\n");
    fine("0 jobs", "");
}

#[test]
fn a_crontab_is_read_in_its_dialect() {
    let check = |dialect: &str, input: &str| call_with_input(&["check", "-", "--dialect", dialect], input);
    let fine = (0, "1 job, no mistakes\n".to_string(), String::new());
    assert_eq!(check("quartz", "0 0 9 ? * mon-fri report\n"), fine);
    assert_eq!(check("croniter", "0 9 * * mon-fri report\n"), fine);
    assert_eq!(check("cronie", "~ 9 * * mon-fri 7 report\n"), fine);
    assert_eq!(
        check("quartz", "0 9 * * mon report\n"),
        (
            1,
            "\
<stdin>:1:9: month: unknown name `mon`, expected jan-dec or 1-12
    0 9 * * mon report
            ^^^
<stdin>:1:13: day of week: unknown name `report`, expected sun-sat or 1-7, Sunday being 1
    0 9 * * mon report
                ^^^^^^
"
            .to_string(),
            String::new()
        )
    );
}
