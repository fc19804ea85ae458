use std::time::Duration;

/// Reads `10m`, `15s`, `500ms`, `2h`; a bare number counts seconds.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let wrong = || format!("{text:?} is not a time such as 10m, 15s or 500ms");
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let ms = match &text[digits..] {
        "ms" => 1,
        "" | "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    number.checked_mul(ms).map(Duration::from_millis).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |text: &str, ms: Option<u64>| assert_eq!(parse(text).ok(), ms.map(Duration::from_millis), "{text}");
        check("10m", Some(600_000));
        check("15s", Some(15_000));
        check("7", Some(7_000));
        check("500ms", Some(500));
        check("2h", Some(7_200_000));
        check("", None);
        check("m", None);
        check("-1s", None);
        check("1.5s", None);
        check("99999999999999999999s", None);
        check("9999999999999999999h", None);
    }
}
