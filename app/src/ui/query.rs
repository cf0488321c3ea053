//! Values in a query string.

/// Percent-encodes text as the value of a query parameter: everything but letters, digits and a few marks.
pub fn query_value(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => value.push(char::from(byte)),
            _ => value.push_str(&format!("%{byte:02X}")),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::query_value;

    #[test]
    fn a_value_cannot_leave_its_parameter() {
        assert_eq!(query_value("acme/qwen-pro_2.5"), "acme/qwen-pro_2.5");
        assert_eq!(query_value("a&b=c #ä%"), "a%26b%3Dc%20%23%C3%A4%25");
    }
}
