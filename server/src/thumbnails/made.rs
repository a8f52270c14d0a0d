//! How a thumbnail is made: decoded, scaled down, turned upright, encoded. No file and no HTTP in here.

use std::io::Cursor;

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::error::{ImageError, LimitError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage, RgbaImage};

/// Changes whenever the same image would give another thumbnail.
pub(super) const VERSION: u32 = 1;
/// An image has so many pixels at most: a small file can say that it has any number.
const PIXELS_MAX: u64 = 100_000_000;
/// So many bytes may a decoder take.
const DECODED_LEN_MAX: u64 = 512 << 20;
/// Of the thumbnail, from 1 to 100.
const JPEG_QUALITY: u8 = 82;

/// Why there is none.
#[derive(Debug)]
pub(super) enum Refusal {
    NoImage,
    Broken(String),
    TooLarge(String),
}

impl From<ImageError> for Refusal {
    fn from(error: ImageError) -> Refusal {
        match error {
            ImageError::Unsupported(_) => Refusal::NoImage,
            ImageError::Limits(limit) => Refusal::TooLarge(limit.to_string()),
            other => Refusal::Broken(other.to_string()),
        }
    }
}

/// Returns `image` scaled down to fit a square of `size` pixels, as JPEG, or as PNG where pixels are transparent.
///
/// Of several pictures in one file, the first. 16 bits a channel become 8; no contrast is stretched.
pub(super) fn thumbnail(image: &[u8], size: u32) -> Result<Vec<u8>, Refusal> {
    let mut reader = ImageReader::new(Cursor::new(image)).with_guessed_format().map_err(ImageError::from)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODED_LEN_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Refusal::TooLarge(format!("{width} × {height} pixels")));
    }
    if decoder.total_bytes() > DECODED_LEN_MAX {
        return Err(ImageError::Limits(LimitError::from_kind(LimitErrorKind::InsufficientMemory)).into());
    }
    let orientation = decoder.orientation()?;
    let mut small = scaled(DynamicImage::from_decoder(decoder)?, size);
    small.apply_orientation(orientation);
    encoded(&small)
}

/// As large as it may be within the square, and no larger than it was.
fn within(width: u32, height: u32, size: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= size {
        return (width, height);
    }
    let part = |edge: u32| {
        let scaled = (u64::from(edge) * u64::from(size) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(scaled).expect("no longer than the square").max(1)
    };
    (part(width), part(height))
}

fn scaled(image: DynamicImage, size: u32) -> DynamicImage {
    let (width, height) = within(image.width(), image.height(), size);
    let (is_transparent, from) = (image.color().has_alpha(), (image.width(), image.height()));
    let (kind, pixels) = match is_transparent {
        true => (PixelType::U8x4, image.into_rgba8().into_raw()),
        false => (PixelType::U8x3, image.into_rgb8().into_raw()),
    };
    let pixels = match (width, height) == from {
        true => pixels,
        false => resized(pixels, from, kind, (width, height)),
    };
    match is_transparent {
        true => RgbaImage::from_raw(width, height, pixels).expect("four bytes a pixel").into(),
        false => RgbImage::from_raw(width, height, pixels).expect("three bytes a pixel").into(),
    }
}

fn resized(pixels: Vec<u8>, from: (u32, u32), kind: PixelType, to: (u32, u32)) -> Vec<u8> {
    let source = Image::from_vec_u8(from.0, from.1, pixels, kind).expect("as many bytes as pixels need");
    let mut target = Image::new(to.0, to.1, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    Resizer::new().resize(&source, &mut target, &options).expect("both have the same kind of pixels");
    target.into_vec()
}

fn encoded(image: &DynamicImage) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    match image {
        DynamicImage::ImageRgba8(_) => image.write_with_encoder(PngEncoder::new(&mut bytes))?,
        _ => image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY))?,
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbnail_fits_the_square_and_is_never_enlarged() {
        for ((width, height), expected) in [
            ((1000, 500), (100, 50)),
            ((500, 1000), (50, 100)),
            ((100, 100), (100, 100)),
            ((7, 3), (7, 3)),
            ((100_000, 1), (100, 1)),
            ((150, 149), (100, 99)),
        ] {
            assert_eq!(within(width, height, 100), expected, "{width} × {height}");
        }
    }
}
