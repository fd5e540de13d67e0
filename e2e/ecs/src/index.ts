export { accountOf, makeBucket } from "./account.ts"
export { ecsFixture } from "./ecs-fixture.ts"
export { prepare, type Prepared } from "./prepared.ts"
