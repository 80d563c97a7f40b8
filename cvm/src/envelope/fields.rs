//! The fields that several types of transaction share, in RLP.

use alloc::vec::Vec;

use primitive_types::{H160 as Address, H256};

use super::{RlpError, RlpReader, RlpWriter};
use crate::transaction::{AccessListItem, Authorization, Target};

pub(super) fn write_target(list: &mut RlpWriter, target: Target) {
    match target {
        Target::Create => list.write_bytes(&[]),
        Target::Call(address) => list.write_bytes(address.as_bytes()),
    }
}

pub(super) fn read_target(fields: &mut RlpReader<'_>) -> Result<Target, RlpError> {
    let bytes = fields.read_bytes()?;
    match bytes.len() {
        0 => Ok(Target::Create),
        20 => Ok(Target::Call(Address::from_slice(bytes))),
        found => Err(RlpError::WrongLength { expected: 20, found }),
    }
}

pub(super) fn write_access_list(list: &mut RlpWriter, items: &[AccessListItem]) {
    list.write_list(|list| {
        for item in items {
            list.write_list(|list| {
                list.write_bytes(item.address.as_bytes());
                write_hashes(list, &item.storage_keys);
            });
        }
    });
}

pub(super) fn read_access_list(
    fields: &mut RlpReader<'_>,
) -> Result<Vec<AccessListItem>, RlpError> {
    let mut list = fields.read_list()?;
    let mut items = Vec::new();
    while !list.is_empty() {
        let mut item = list.read_list()?;
        let address = Address::from(item.read_array()?);
        let storage_keys = read_hashes(&mut item)?;
        item.finish()?;
        items.push(AccessListItem { address, storage_keys });
    }
    Ok(items)
}

pub(super) fn write_hashes(list: &mut RlpWriter, hashes: &[H256]) {
    list.write_list(|list| {
        for hash in hashes {
            list.write_bytes(hash.as_bytes());
        }
    });
}

pub(super) fn read_hashes(fields: &mut RlpReader<'_>) -> Result<Vec<H256>, RlpError> {
    let mut list = fields.read_list()?;
    let mut hashes = Vec::new();
    while !list.is_empty() {
        hashes.push(H256(list.read_array()?));
    }
    Ok(hashes)
}

pub(super) fn write_authorizations(list: &mut RlpWriter, authorizations: &[Authorization]) {
    list.write_list(|list| {
        for authorization in authorizations {
            list.write_list(|list| {
                list.write_word(&authorization.chain_id);
                list.write_bytes(authorization.address.as_bytes());
                list.write_u64(authorization.nonce);
                list.write_u64(u64::from(authorization.y_parity));
                list.write_word(&authorization.r);
                list.write_word(&authorization.s);
            });
        }
    });
}

pub(super) fn read_authorizations(
    fields: &mut RlpReader<'_>,
) -> Result<Vec<Authorization>, RlpError> {
    let mut list = fields.read_list()?;
    let mut authorizations = Vec::new();
    while !list.is_empty() {
        let mut item = list.read_list()?;
        authorizations.push(Authorization {
            chain_id: item.read_word()?,
            address: Address::from(item.read_array()?),
            nonce: item.read_u64()?,
            y_parity: item.read_u8()?,
            r: item.read_word()?,
            s: item.read_word()?,
        });
        item.finish()?;
    }
    Ok(authorizations)
}
