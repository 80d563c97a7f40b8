// Compiles Sponsor.sol into Sponsor.json (ABI and creation code). Run in this folder:
//   npm install solc@0.8.37 && node build.mjs
import { readFileSync, writeFileSync } from "node:fs";
import solc from "solc";

const input = {
  language: "Solidity",
  sources: {
    "Sponsor.sol": { content: readFileSync("Sponsor.sol", "utf8") },
    "CyberMiles.sol": { content: readFileSync("../../solidity/CyberMiles.sol", "utf8") },
  },
  settings: {
    evmVersion: "osaka",
    optimizer: { enabled: true, runs: 200 },
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.methodIdentifiers"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const errors = (output.errors ?? []).filter((error) => error.severity === "error");
if (errors.length > 0) {
  throw new Error(errors.map((error) => error.formattedMessage).join("\n"));
}
const { abi, evm } = output.contracts["Sponsor.sol"].Sponsor;
const artefact = { compiler: solc.version(), abi, bytecode: `0x${evm.bytecode.object}` };
writeFileSync("Sponsor.json", `${JSON.stringify(artefact, null, 1)}\n`);
for (const [name, contract] of Object.entries(output.contracts["CyberMiles.sol"])) {
  console.log(name, contract.evm.methodIdentifiers);
}
