//! The official `RLPTests` over the reader and the writer.

mod fixtures;

use std::{collections::BTreeMap, fs, path::Path};

use cybermiles_cvm::{RlpError, RlpItem, RlpReader, RlpWriter};
use serde::Deserialize;
use serde_json::Value;

/// One case: a value or the words VALID and INVALID, and its encoding.
#[derive(Deserialize)]
struct Case {
    #[serde(rename = "in")]
    value: Value,
    out: String,
}

fn cases(path: &Path) -> BTreeMap<String, (Value, Vec<u8>)> {
    let text = fs::read(path).expect("the archive holds the file");
    let cases: BTreeMap<String, Case> =
        serde_json::from_slice(&text).expect("the file is of the format");
    let bytes =
        |out: &str| hex::decode(out.trim_start_matches("0x")).expect("encodings are hexadecimal");
    cases.into_iter().map(|(name, case)| (name, (case.value, bytes(&case.out)))).collect()
}

/// Decimal digits to big-endian bytes without leading zeros, of any size.
fn big_integer(digits: &str) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    for digit in digits.bytes() {
        let mut carry = u16::from(digit - b'0');
        for byte in bytes.iter_mut().rev() {
            let product = u16::from(*byte) * 10 + carry;
            *byte = (product & 0xff) as u8;
            carry = product >> 8;
        }
        if carry > 0 {
            bytes.insert(0, carry as u8);
        }
    }
    bytes
}

#[expect(clippy::panic, reason = "a mismatch fails the test")]
fn content(value: &Value) -> Vec<u8> {
    match value {
        Value::String(text) => {
            text.strip_prefix('#').map_or_else(|| text.as_bytes().to_vec(), big_integer)
        }
        Value::Number(number) => big_integer(&number.to_string()),
        other => panic!("{other} is no byte string"),
    }
}

fn write(writer: &mut RlpWriter, value: &Value) {
    match value {
        Value::Array(items) => {
            writer.write_list(|list| items.iter().for_each(|item| write(list, item)));
        }
        other => writer.write_bytes(&content(other)),
    }
}

#[expect(clippy::panic, reason = "a mismatch fails the test")]
fn assert_reads(reader: &mut RlpReader<'_>, value: &Value) {
    match (reader.read_item().expect("valid"), value) {
        (RlpItem::List(mut list), Value::Array(items)) => {
            items.iter().for_each(|item| assert_reads(&mut list, item));
            list.finish().expect("as many items as expected");
        }
        (RlpItem::Bytes(bytes), value) => assert_eq!(bytes, content(value)),
        (item, value) => panic!("{item:?} is not {value}"),
    }
}

/// Reads every item of a document of one item.
fn walk(bytes: &[u8]) -> Result<usize, RlpError> {
    let mut document = RlpReader::new(bytes);
    let mut count = 1;
    let mut lists = match document.read_item()? {
        RlpItem::List(list) => vec![list],
        RlpItem::Bytes(_) => vec![],
    };
    document.finish()?;
    while let Some(mut list) = lists.pop() {
        while !list.is_empty() {
            count += 1;
            if let RlpItem::List(inner) = list.read_item()? {
                lists.push(inner);
            }
        }
    }
    Ok(count)
}

#[test]
fn valid_documents_read_and_write() {
    let Some(folder) = fixtures::archive("ethereum-tests") else { return };
    let cases = cases(&folder.join("ethereum-tests/RLPTests/rlptest.json"));
    assert!(cases.len() >= 28);
    for (name, (value, bytes)) in cases {
        println!("{name}");
        let mut writer = RlpWriter::default();
        write(&mut writer, &value);
        assert_eq!(hex::encode(writer.as_bytes()), hex::encode(&bytes), "{name}");
        let mut reader = RlpReader::new(&bytes);
        assert_reads(&mut reader, &value);
        assert_eq!(reader.finish(), Ok(()), "{name}");
        walk(&bytes).expect("valid");
    }
}

#[test]
fn invalid_documents_are_refused() {
    let Some(folder) = fixtures::archive("ethereum-tests") else { return };
    let cases = cases(&folder.join("ethereum-tests/RLPTests/invalidRLPTest.json"));
    assert!(cases.len() >= 26);
    for (name, (_, bytes)) in cases {
        assert!(walk(&bytes).is_err(), "{name}");
    }
}

#[test]
fn random_documents_are_judged_as_expected() {
    let Some(folder) = fixtures::archive("ethereum-tests") else { return };
    let cases = cases(&folder.join("ethereum-tests/RLPTests/RandomRLPTests/example.json"));
    assert!(!cases.is_empty());
    for (name, (verdict, bytes)) in cases {
        assert_eq!(walk(&bytes).is_ok(), verdict == "VALID", "{name}");
    }
}

#[test]
fn each_refusal_names_its_cause() {
    let rows: [(&[u8], RlpError); 9] = [
        (&[], RlpError::Truncated { needed: 1, available: 0 }),
        (&[0x83, 1, 2], RlpError::Truncated { needed: 3, available: 2 }),
        (&[0x81, 0x7f], RlpError::ByteNotMinimal { byte: 0x7f }),
        (&[0xb8, 55], RlpError::LengthNotMinimal { length: 55 }),
        (&[0xb9, 0, 56], RlpError::LengthLeadingZero),
        (&[0xbf, 1, 0, 0, 0, 0, 0, 0, 0], RlpError::Truncated { needed: 1 << 56, available: 0 }),
        (&[0xf8, 3, 1, 2, 3], RlpError::LengthNotMinimal { length: 3 }),
        (&[0xc2, 1], RlpError::Truncated { needed: 2, available: 1 }),
        (&[0x80, 0x80], RlpError::TrailingBytes { count: 1 }),
    ];
    for (bytes, expected) in rows {
        assert_eq!(walk(bytes), Err(expected), "{bytes:02x?}");
    }
    let integer = |bytes: &[u8]| RlpReader::new(bytes).read_u64();
    assert_eq!(integer(&[0x00]), Err(RlpError::IntegerLeadingZero));
    assert_eq!(integer(&[0x82, 0, 1]), Err(RlpError::IntegerLeadingZero));
    assert_eq!(
        integer(&[0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
        Err(RlpError::IntegerTooLarge { max: 8, found: 9 })
    );
    assert_eq!(integer(&[0x88, 255, 255, 255, 255, 255, 255, 255, 255]), Ok(u64::MAX));
    assert_eq!(integer(&[0xc0]), Err(RlpError::UnexpectedList));
    assert_eq!(RlpReader::new(&[0x80]).read_list(), Err(RlpError::UnexpectedBytes));
    let array = RlpReader::new(&[0x82, 1, 2]).read_array::<3>();
    assert_eq!(array, Err(RlpError::WrongLength { expected: 3, found: 2 }));
}

#[test]
fn deep_lists_cost_no_stack() {
    const DEPTH: usize = 200_000;
    let mut bytes: Vec<u8> = Vec::new();
    let mut size = 0_usize;
    for _ in 0..DEPTH {
        let mut header = match size {
            0..=55 => vec![0xc0 + size as u8],
            _ => {
                let digits: Vec<u8> =
                    size.to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
                [vec![0xf7 + digits.len() as u8], digits].concat()
            }
        };
        size += header.len();
        header.reverse();
        bytes.append(&mut header);
    }
    bytes.reverse();
    assert_eq!(walk(&bytes), Ok(DEPTH));
}
