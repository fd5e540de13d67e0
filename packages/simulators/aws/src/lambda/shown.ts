import type { FunctionRecord } from "./records.ts"
import { functionArn, type LambdaShelf, stateOf } from "./shelf.ts"

/** A function's configuration as the API shows it. */
export const shownFunction = (shelf: LambdaShelf, record: FunctionRecord) => {
  const state = stateOf(shelf, record)
  return {
    FunctionName: record.name,
    FunctionArn: functionArn(shelf.world, record.name),
    Role: record.role,
    CodeSize: 0,
    CodeSha256: record.digest.replace(/^sha256:/, ""),
    Description: record.description,
    Timeout: record.timeout,
    MemorySize: record.memorySize,
    LastModified: new Date(record.modifiedAt).toISOString().replace("Z", "+0000"),
    Version: "$LATEST",
    ...(record.vpc === undefined ? {} : { VpcConfig: { ...record.vpc, VpcId: "" } }),
    Environment: { Variables: record.environment },
    TracingConfig: { Mode: "PassThrough" },
    RevisionId: record.revision,
    State: state,
    ...(state === "Pending" ? { StateReason: "The function is being created.", StateReasonCode: "Creating" } : {}),
    LastUpdateStatus: state === "Pending" ? "InProgress" : "Successful",
    FileSystemConfigs: record.fileSystems,
    PackageType: "Image",
    ...(record.imageConfig === undefined ? {} : { ImageConfigResponse: { ImageConfig: record.imageConfig } }),
    Architectures: record.architectures,
    EphemeralStorage: { Size: record.ephemeralStorage },
    LoggingConfig: { LogFormat: "Text", LogGroup: `/aws/lambda/${record.name}` }
  }
}
