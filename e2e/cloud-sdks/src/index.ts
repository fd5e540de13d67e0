export { type Cloudsim, noWorkloads, startCloudsim } from "./cloudsim.ts"
