//! Thumbnails by their route: of each kind of image, and of what is none.

use std::io::Cursor;

use axum::http::{Method, StatusCode, header};
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};

use super::*;
use crate::testing::World;

/// 300 × 150 pixels, the left half red, the right half blue.
fn two_halves() -> DynamicImage {
    RgbImage::from_fn(300, 150, |x, _| if x < 150 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) }).into()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

/// Thumbnails of an image of 64 pixels a side.
fn thumbnail_of(bytes: &[u8]) -> DynamicImage {
    let thumbnail = made::thumbnail(bytes, 64).unwrap_or_else(|refusal| panic!("{refusal:?}"));
    image::load_from_memory(&thumbnail).expect("an image")
}

/// Whether a pixel is about this colour: JPEG is not exact.
fn is_about(image: &DynamicImage, (x, y): (u32, u32), expected: [u8; 3]) -> bool {
    let pixel = image.to_rgb8().get_pixel(x, y).0;
    pixel.iter().zip(expected).all(|(&seen, expected)| seen.abs_diff(expected) < 12)
}

#[test]
fn every_format_gives_the_same_picture() {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    for format in [Jpeg, Png, WebP, Gif, Bmp, Tiff] {
        let small = thumbnail_of(&encoded(&two_halves(), format));
        assert_eq!((small.width(), small.height()), (64, 32), "{format:?}");
        assert!(is_about(&small, (5, 16), [255, 0, 0]) && is_about(&small, (58, 16), [0, 0, 255]), "{format:?}");
    }
}

#[test]
fn sixteen_bits_a_channel_and_grey_become_eight() {
    let deep = ImageBuffer::<Luma<u16>, _>::from_pixel(200, 100, Luma([0x8080]));
    let small = thumbnail_of(&encoded(&deep.into(), ImageFormat::Png));
    assert!(is_about(&small, (10, 10), [128, 128, 128]));
    let grey = GrayImage::from_pixel(20, 10, Luma([200]));
    let small = thumbnail_of(&encoded(&grey.into(), ImageFormat::Tiff));
    assert_eq!((small.width(), small.height()), (20, 10));
    assert!(is_about(&small, (10, 5), [200, 200, 200]));
}

#[test]
fn transparent_pixels_stay_transparent() {
    let image = RgbaImage::from_fn(128, 128, |x, _| Rgba([0, 255, 0, if x < 64 { 0 } else { 255 }]));
    let bytes = made::thumbnail(&encoded(&image.into(), ImageFormat::Png), 64).expect("made");
    assert!(bytes.starts_with(b"\x89PNG"));
    let small = image::load_from_memory(&bytes).expect("an image").to_rgba8();
    assert_eq!((small.get_pixel(2, 2)[3], small.get_pixel(60, 2)[3]), (0, 255));
}

/// A JPEG whose Exif says that it is to be turned (TIFF tag 0x0112 of Exif 2.32, 4.6.4).
fn turned(orientation: u8) -> Vec<u8> {
    let jpeg = encoded(&two_halves(), ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let len = u16::try_from(exif.len() + 2).expect("small").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &len, &exif, &jpeg[2..]].concat()
}

#[test]
fn an_image_is_upright_as_its_camera_said() {
    let small = thumbnail_of(&turned(6));
    assert_eq!((small.width(), small.height()), (32, 64), "a quarter turn clockwise");
    assert!(is_about(&small, (16, 5), [255, 0, 0]) && is_about(&small, (16, 58), [0, 0, 255]));
    let small = thumbnail_of(&turned(3));
    assert!(is_about(&small, (5, 16), [0, 0, 255]) && is_about(&small, (58, 16), [255, 0, 0]));
}

#[test]
fn what_cannot_be_shown_says_why() {
    assert!(matches!(made::thumbnail(b"image,label\n", 64), Err(Refusal::NoImage)));
    assert!(matches!(made::thumbnail(b"", 64), Err(Refusal::NoImage)));
    let whole = encoded(&two_halves(), ImageFormat::Png);
    assert!(matches!(made::thumbnail(&whole[..whole.len() / 2], 64), Err(Refusal::Broken(_))));
    // The header of a PNG says its size; nothing of it is decoded.
    let mut bomb = whole;
    bomb[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    let crc = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    assert!(matches!(made::thumbnail(&bomb, 64), Err(Refusal::TooLarge(_))));
}

/// The check sum of a PNG's chunk (PNG specification, annex D).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[tokio::test]
async fn an_unchanged_image_has_its_thumbnail_in_all_revisions() {
    let world = World::new();
    let image = encoded(&two_halves(), ImageFormat::Jpeg);
    std::fs::write(world.folder.path().join("drawn.jpg"), &image).expect("written");
    let dataset = world.dataset();
    let mut draft = dataset.draft(&"main".parse().expect("a name"), &"ann".parse().expect("a name")).expect("one");
    let file = veneer::dataset::NewFile { content: &mut image.as_slice(), mode: None, mtime_ns: None };
    draft.put(&"images/new.jpg".parse().expect("a path"), file).expect("put");
    draft.commit("an image", "ann").expect("committed");
    let path = "/v1/datasets/d/at/main/thumbnails/96/images/new.jpg";
    let first = world.get(path).await;
    assert_eq!(
        (first.status, &first.headers[header::CONTENT_TYPE]),
        (StatusCode::OK, &HeaderValue::from_static("image/jpeg"))
    );
    let small = image::load_from_memory(&first.body).expect("an image");
    assert_eq!((small.width(), small.height()), (96, 48));
    world.commit("other.txt", "other");
    let tag = first.headers[header::ETAG].to_str().expect("text");
    let known = world.send(Method::GET, path, &[("if-none-match", tag)], "").await;
    assert_eq!(known.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn a_request_for_no_thumbnail_is_refused() {
    let world = World::new();
    for (path, status) in [
        ("96/labels.csv", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("96/images/a.png", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("0/images/a.png", StatusCode::BAD_REQUEST),
        ("5000/images/a.png", StatusCode::BAD_REQUEST),
        ("large/images/a.png", StatusCode::BAD_REQUEST),
        ("96/gone.png", StatusCode::NOT_FOUND),
        ("96/images", StatusCode::CONFLICT),
    ] {
        let answer = world.get(&format!("/v1/datasets/d/at/main/thumbnails/{path}")).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
}
