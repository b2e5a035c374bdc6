use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Bytes that a decoded picture may take: 16,000 x 16,000 pixels are no input of a classifier, and
/// a small file can promise more than the machine has.
const LARGEST: usize = 1 << 29;
const LONGEST_SIDE: usize = 1 << 15;

/// A picture of red, green and blue bytes, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) rgb: Vec<u8>,
}

/// Decodes JPEG, PNG or WebP, told apart by their first bytes. Grey becomes three equal channels,
/// transparency is dropped; turns and mirrors in the metadata are left to whoever made the
/// training data, which ignores them as a rule.
///
/// # Errors
/// One clause that says what is wrong.
pub(crate) fn decode(file: &[u8]) -> Result<Picture, String> {
    // Decoders are fuzzed by others, and still may panic on what nobody thought of.
    qualm_data::contained(|| by_kind(file))
        .unwrap_or_else(|| Err("is so damaged that its decoder gave up".to_owned()))
}

fn by_kind(file: &[u8]) -> Result<Picture, String> {
    match file {
        [0xff, 0xd8, ..] => jpeg(file),
        [0x89, b'P', b'N', b'G', ..] => png(file),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => webp(file),
        _ => Err("is neither JPEG, PNG nor WebP by its first bytes".to_owned()),
    }
}

fn jpeg(file: &[u8]) -> Result<Picture, String> {
    let options = DecoderOptions::default()
        .set_max_width(LONGEST_SIDE)
        .set_max_height(LONGEST_SIDE)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let damaged = |error| format!("is a damaged JPEG ({error})");
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(file), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().ok_or("is a JPEG without a size")?;
    check_size(width, height)?;
    let pixels = decoder.decode().map_err(damaged)?;
    let channels = decoder
        .output_colorspace()
        .map_or(3, |space| space.num_components());
    picture(width, height, channels, pixels)
}

fn png(file: &[u8]) -> Result<Picture, String> {
    let damaged = |error| format!("is a damaged PNG ({error})");
    let mut decoder =
        png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: LARGEST });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(damaged)?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    check_size(width, height)?;
    let size = reader
        .output_buffer_size()
        .filter(|&size| size <= LARGEST)
        .ok_or("is a PNG too large to decode")?;
    let mut pixels = vec![0; size];
    reader.next_frame(&mut pixels).map_err(damaged)?;
    let (color, _) = reader.output_color_type();
    picture(width, height, color.samples(), pixels)
}

fn webp(file: &[u8]) -> Result<Picture, String> {
    let damaged = |error| format!("is a damaged WebP ({error})");
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(file)).map_err(damaged)?;
    decoder.set_memory_limit(LARGEST);
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    check_size(width, height)?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    let mut pixels = vec![0; width * height * channels];
    decoder.read_image(&mut pixels).map_err(damaged)?;
    picture(width, height, channels, pixels)
}

fn check_size(width: usize, height: usize) -> Result<(), String> {
    let fits = width
        .checked_mul(height)
        .is_some_and(|pixels| pixels <= LARGEST / 4);
    if width == 0 || height == 0 || !fits {
        return Err(format!("is {width} x {height} pixels, too many or none"));
    }
    Ok(())
}

fn picture(
    width: usize,
    height: usize,
    channels: usize,
    pixels: Vec<u8>,
) -> Result<Picture, String> {
    if pixels.len() != width * height * channels {
        return Err("does not hold the pixels that it promises".to_owned());
    }
    let rgb = match channels {
        1 | 2 => pixels
            .chunks_exact(channels)
            .flat_map(|pixel| [pixel[0]; 3])
            .collect(),
        3 => pixels,
        4 => pixels
            .chunks_exact(4)
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
            .collect(),
        _ => return Err(format!("has {channels} channels")),
    };
    Ok(Picture { width, height, rgb })
}
