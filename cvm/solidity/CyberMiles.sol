// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity >=0.8.0;

/// @notice Agrees that the called contract pays for the transaction.
/// @dev Counts only when the contract that the transaction calls asks itself, directly, and does not revert afterwards.
interface IFreeGas {
    function consent() external returns (bool);
}

/// @notice Knows who validates.
interface IValidators {
    function isValidator(address account) external view returns (bool);
}

/// @notice Runs native functions: reverse, scrypt, rsa_encrypt, rsa_decrypt, jsonArrayGet, jsonObjectGet, jsonParseString.
/// @dev `arguments` is `abi.encode(...)` of the function's arguments; the result decodes with `abi.decode`.
interface INative {
    function run(string calldata name, bytes calldata arguments) external view returns (bytes memory);
}

/// @notice Gives values that follow from the block's seed. The proposer and other contracts know them beforehand.
/// @dev Every call in a transaction gives another value.
interface IRandom {
    function random() external returns (uint256);
}

IFreeGas constant FREE_GAS = IFreeGas(0x000000000000000000000000000000000000cC01);
IValidators constant VALIDATORS = IValidators(0x000000000000000000000000000000000000Cc02);
INative constant NATIVE = INative(0x000000000000000000000000000000000000cc03);
IRandom constant RANDOM = IRandom(0x000000000000000000000000000000000000CC04);
