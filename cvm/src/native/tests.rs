use super::*;

fn text(text: &str) -> NativeValue<'_> {
    NativeValue::String(text.as_bytes().into())
}

const fn number(value: u64) -> NativeValue<'static> {
    NativeValue::Integer(Integer {
        is_negative: false,
        magnitude: Word::from_limbs([value, 0, 0, 0]),
    })
}

fn call(
    table: &[NativeFunction],
    name: &str,
    arguments: &[NativeValue<'_>],
) -> Result<(u64, String), Halt> {
    let function =
        table.iter().find(|function| function.name == name).expect("the function is built in");
    let price = function.price(arguments)?;
    match (function.run)(arguments) {
        Ok(NativeValue::String(result)) => {
            Ok((price, String::from_utf8_lossy(&result).into_owned()))
        }
        Ok(other) => panic!("not a string: {other:?}"),
        Err(_) => Err(Halt::NativeFunctionFailed),
    }
}

#[test]
fn tables_are_ordered_by_name() {
    for table in [&HISTORICAL[..], &PRICED] {
        assert!(table.is_sorted_by_key(|function| function.name));
        assert!(table.iter().all(|function| function.name.len() <= 32));
    }
}

#[test]
fn published_results_and_prices() {
    let hash = "161d0876f3b93b1048cda1bdeaa7332ee210f7131b42013cb43913a6553a4b69";
    let rows = [
        ("reverse", vec![text("Hello World!")], Ok((120, "!dlroW olleH".to_owned()))),
        ("reverse", vec![text("ABCDE")], Ok((50, "EDCBA".to_owned()))),
        ("reverse", vec![text("")], Ok((0, String::new()))),
        ("scrypt", vec![text("00")], Ok((10, hash.to_owned()))),
        ("scrypt", vec![text("0g")], Err(Halt::NativeFunctionFailed)),
        ("scrypt", vec![text("000")], Err(Halt::NativeFunctionFailed)),
        ("reverse", vec![], Err(Halt::NativeFunctionFailed)),
        ("reverse", vec![number(1)], Err(Halt::NativeFunctionFailed)),
        ("reverse", vec![text(""), text("")], Err(Halt::NativeFunctionFailed)),
    ];
    for (name, arguments, expected) in rows {
        assert_eq!(call(&HISTORICAL, name, &arguments), expected, "{name} {arguments:?}");
    }
    assert_eq!(call(&PRICED, "scrypt", &[text("00")]), Ok((30_010, hash.to_owned())));
}

#[test]
fn json_operations_name_places() {
    let list = r#"["hello", "world"]"#;
    let object = r#"{"hello": ["x"]}"#;
    let end = |text: &str| number(text.len() as u64);
    let rows = [
        (
            vec![text("arrayGet"), text(list), number(0), end(list), number(1)],
            Some((180, "0000000a00000011")),
        ),
        (vec![text("parseString"), text(list), number(10), number(17)], Some((70, "world"))),
        (
            vec![text("objectGet"), text(object), number(0), end(object), text("hello")],
            Some((160, "0000000a0000000f")),
        ),
        (vec![text("arrayGet"), text(list), number(0), end(list), number(2)], None),
        (vec![text("arrayGet"), text(list), number(0), number(19), number(0)], None),
        (vec![text("arrayGet"), text(list), number(5), number(4), number(0)], None),
        (vec![text("arrayGet"), text(list), number(u64::MAX), number(u64::MAX), number(0)], None),
        (vec![text("objectGet"), text(list), number(0), end(list), number(0)], None),
        (vec![text("arrayGet"), text(list), number(0), end(list)], None),
        (vec![text("getType"), text(list), number(0), end(list)], None),
    ];
    for (arguments, expected) in rows {
        let expected = expected.map(|(price, result)| (price, result.to_owned()));
        assert_eq!(call(&HISTORICAL, "json", &arguments).ok(), expected, "{arguments:?}");
    }
}
