use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::decode;
use super::resize::{Filter, Window, resize};

/// Bytes of a picture file at most: a report shows a few pictures and must not wait for one.
const LARGEST: u64 = 1 << 26;

/// A picture file as a small PNG file, whole, at most `side` pixels wide and high; one that is
/// smaller keeps its size.
///
/// # Errors
/// One clause that says what is wrong with the file.
pub fn thumbnail(path: &Path, side: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| format!("cannot be opened ({error})"))?;
    let mut file = file.take(LARGEST);
    file.read_to_end(&mut bytes)
        .map_err(|error| format!("cannot be read ({error})"))?;
    let picture = decode(&bytes)?;
    let longest = picture.width.max(picture.height);
    let shrunk = |length: usize| {
        (length * side.max(1))
            .div_ceil(longest.max(side.max(1)))
            .max(1)
    };
    let (width, height) = (shrunk(picture.width), shrunk(picture.height));
    let whole = Window {
        left: 0.0,
        top: 0.0,
        width: picture.width as f64,
        height: picture.height as f64,
    };
    let rgb = resize(&picture, whole, width, height, Filter::Bilinear);
    encode(&rgb, width as u32, height as u32).map_err(|error| format!("cannot be drawn ({error})"))
}

fn encode(rgb: &[u8], width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgb)?;
    writer.finish()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pictures_shrink_and_small_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        for (size, want) in [
            ((200, 100), (96, 48)),
            ((28, 28), (28, 28)),
            ((400, 1), (96, 1)),
        ] {
            let path = folder.path().join("picture.png");
            let rgb = vec![7; size.0 * size.1 * 3];
            std::fs::write(&path, encode(&rgb, size.0 as u32, size.1 as u32).unwrap()).unwrap();
            let small = decode(&thumbnail(&path, 96).unwrap()).unwrap();
            assert_eq!((small.width, small.height), want);
            assert!(small.rgb.iter().all(|&byte| byte == 7));
        }
        let error = thumbnail(Path::new("nowhere.png"), 96).unwrap_err();
        assert!(error.contains("cannot be opened"), "{error}");
    }
}
