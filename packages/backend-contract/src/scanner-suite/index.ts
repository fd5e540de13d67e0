export { ScannerFixture } from "./fixture.ts"
export { scannerContract } from "./scanner-contract.ts"
