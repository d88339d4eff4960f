//! Rows of numbers, as `cron` and `machine` write them and `table` reads them: what a library takes for a work.

/// A group of works is what a library can do or not. An answer that is not sexton's, or not `right`, is other work.
pub const HEADER: &str = "build\tgroup\twork\tlibrary\tunit\tmedian\tp10\tp90\tanswer";

/// The median and how far the rounds are apart, as columns.
pub fn numbers(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => "-\t-\t-".to_string(),
        count => {
            let at = |tenths: usize| values[(count - 1) * tenths / 10];
            format!("{:.4}\t{:.4}\t{:.4}", at(5), at(1), at(9))
        }
    }
}
