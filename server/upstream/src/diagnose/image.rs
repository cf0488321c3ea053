//! An image that is attached to a test.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Most bytes of an image.
const LARGEST: usize = 5 * 1024 * 1024;

/// Why an image is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    #[error("The image is not a data: URL in base64. Attach a PNG, JPEG, GIF or WebP file.")]
    NotData,
    #[error("The image is larger than 5 MB. Attach a smaller one.")]
    TooLarge,
    #[error("The file is not a PNG, JPEG, GIF or WebP image. Attach one of these.")]
    NotAnImage,
}

/// Checks an image and returns it as a `data:` URL with the media type that its signature bytes show; the type that the URL
/// claims is not trusted.
///
/// # Errors
///
/// [`ImageError`]: not base64 in a `data:` URL, larger than 5 MiB, or of another type.
pub fn check_image(data_url: &str) -> Result<String, ImageError> {
    let encoded = data_url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    let (_, encoded) = encoded.ok_or(ImageError::NotData)?;
    if encoded.len() > LARGEST / 3 * 4 + 4 {
        return Err(ImageError::TooLarge);
    }
    let bytes = STANDARD.decode(encoded).map_err(|_| ImageError::NotData)?;
    let kind = kind_of(&bytes).ok_or(ImageError::NotAnImage)?;
    Ok(format!("data:{kind};base64,{encoded}"))
}

fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_told_by_its_bytes_and_not_by_its_name() {
        let png = STANDARD.encode(b"\x89PNG\r\n\x1a\nrest");
        let read = check_image(&format!("data:text/html;base64,{png}"));
        assert_eq!(read, Ok(format!("data:image/png;base64,{png}")));
        for (text, error) in [
            ("https://elsewhere.example/a.png".to_owned(), ImageError::NotData),
            ("data:image/png;base64,***".to_owned(), ImageError::NotData),
            (format!("data:image/png;base64,{}", STANDARD.encode("<svg/>")), ImageError::NotAnImage),
            (format!("data:image/png;base64,{}", "A".repeat(7_000_000)), ImageError::TooLarge),
        ] {
            assert_eq!(check_image(&text), Err(error));
        }
    }
}
