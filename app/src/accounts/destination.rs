//! Where a user continues after signing in.

/// The first page after signing in.
pub const FIRST_PAGE: &str = "/playground";

/// The path to continue at: `next` if it is a path of this site, the first page otherwise. Whatever a browser could read as
/// another site (`//host`, `/\host`, a scheme, control characters) is not: this prevents open redirects.
pub fn next_path(next: &str) -> &str {
    let local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains('\\')
        && !next.chars().any(char::is_control)
        && !next.starts_with("/sign-");
    if local { next } else { FIRST_PAGE }
}

/// The sign-in page's address, with `path` as the page to return to.
pub fn sign_in_path(path: &str) -> String {
    let mut address = String::from("/sign-in?next=");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => address.push(byte as char),
            _ => {
                address.push('%');
                for nibble in [byte >> 4, byte & 15] {
                    address.push(b"0123456789ABCDEF"[usize::from(nibble)] as char);
                }
            }
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_site_are_gone_on_to() {
        assert_eq!(next_path("/playground/1?x=1"), "/playground/1?x=1");
        for elsewhere in
            ["", "playground", "//evil.example", "/\\evil.example", "https://evil.example", "/\tx", "/a\\b"]
        {
            assert_eq!(next_path(elsewhere), FIRST_PAGE, "{elsewhere:?}");
        }
    }

    #[test]
    fn signing_in_never_leads_back_to_the_sign_in_page() {
        assert_eq!(next_path("/sign-in?next=/sign-in"), FIRST_PAGE);
    }

    #[test]
    fn the_way_back_survives_as_one_query_value() {
        assert_eq!(sign_in_path("/routing?model=a&b"), "/sign-in?next=/routing%3Fmodel%3Da%26b");
    }
}
