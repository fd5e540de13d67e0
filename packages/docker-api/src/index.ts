export { type DockerApi, dockerApi, type DockerApiOptions } from "./api.ts"
export { newestMinor, oldestMinor } from "./versions.ts"
