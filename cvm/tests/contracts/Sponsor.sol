// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity >=0.8.0;

import "CyberMiles.sol";

/// @notice Pays for calls of its own users; the tests call it and it calls itself in every way that must not count.
contract Sponsor {
    uint256 public counter;
    uint256 public lastRandom;

    receive() external payable {}

    /// The modifier that the Lity language had built in.
    modifier freegas() {
        _;
        FREE_GAS.consent();
    }

    function sponsored() external freegas {
        counter += 1;
    }

    function notSponsored() external {
        counter += 1;
    }

    function sponsoredThenReverts() external freegas {
        counter += 1;
        require(counter == 0, "too late");
    }

    /// Consent of a nested call must not count for the outer contract.
    function asksAnother(Sponsor other) external {
        counter += 1;
        other.sponsored();
    }

    /// Nor that of a library.
    function delegates(address library_) external returns (bool success) {
        counter += 1;
        (success, ) = library_.delegatecall(abi.encodeCall(Sponsor.sponsored, ()));
    }

    /// Nor borrowed code of the system contract itself.
    function delegatesConsent() external returns (bool success) {
        counter += 1;
        (success, ) = address(FREE_GAS).delegatecall(abi.encodeCall(IFreeGas.consent, ()));
    }

    function isValidator(address account) external view returns (bool) {
        return VALIDATORS.isValidator(account);
    }

    function reverse(string calldata text) external view returns (string memory) {
        return abi.decode(NATIVE.run("reverse", abi.encode(text)), (string));
    }

    function elementOf(string calldata list, uint256 index) external view returns (string memory) {
        bytes memory arguments = abi.encode(list, uint256(0), bytes(list).length, index);
        return abi.decode(NATIVE.run("jsonArrayGet", arguments), (string));
    }

    function unknownFunction() external view returns (bool success) {
        (success, ) = address(NATIVE).staticcall(abi.encodeCall(INative.run, ("nothing", "")));
    }

    function twoRandomValues() external returns (uint256 first, uint256 second) {
        first = RANDOM.random();
        second = RANDOM.random();
        lastRandom = second;
    }
}
