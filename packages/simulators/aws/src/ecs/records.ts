import { Schema } from "effect"

const text = Schema.optionalKey(Schema.String)
const number = Schema.optionalKey(Schema.Number)
const flag = Schema.optionalKey(Schema.Boolean)
const texts = Schema.optionalKey(Schema.Array(Schema.String))
const JsonObject = Schema.Record(Schema.String, Schema.Json)

export const ClusterRecord = Schema.Struct({
  name: Schema.String,
  status: Schema.String,
  settings: Schema.Array(JsonObject)
})
export type ClusterRecord = typeof ClusterRecord.Type

const KeyValue = Schema.Struct({ name: Schema.String, value: Schema.String })

/** What running a container needs of its definition; the rest is kept and given back as it came. */
export const ContainerDefinition = Schema.Struct({
  name: Schema.String,
  image: Schema.String,
  cpu: number,
  memory: number,
  essential: flag,
  entryPoint: texts,
  command: texts,
  environment: Schema.optionalKey(Schema.Array(KeyValue)),
  user: text,
  workingDirectory: text,
  readonlyRootFilesystem: flag,
  pseudoTerminal: flag,
  stopTimeout: number,
  mountPoints: Schema.optionalKey(
    Schema.Array(Schema.Struct({ sourceVolume: Schema.String, containerPath: Schema.String, readOnly: flag }))
  ),
  logConfiguration: Schema.optionalKey(
    Schema.Struct({
      logDriver: Schema.String,
      options: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
    })
  ),
  dependsOn: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        containerName: Schema.String,
        condition: Schema.Literals(["START", "COMPLETE", "SUCCESS", "HEALTHY"])
      })
    )
  ),
  linuxParameters: Schema.optionalKey(
    Schema.Struct({
      initProcessEnabled: flag,
      capabilities: Schema.optionalKey(Schema.Struct({ add: texts, drop: texts }))
    })
  ),
  ulimits: Schema.optionalKey(
    Schema.Array(Schema.Struct({ name: Schema.String, softLimit: Schema.Number, hardLimit: Schema.Number }))
  ),
  dockerLabels: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})
export type ContainerDefinition = typeof ContainerDefinition.Type

const EfsVolume = Schema.Struct({
  fileSystemId: Schema.String,
  rootDirectory: text,
  authorizationConfig: Schema.optionalKey(Schema.Struct({ accessPointId: text }))
})

export const TaskVolume = Schema.Struct({
  name: Schema.String,
  efsVolumeConfiguration: Schema.optionalKey(EfsVolume)
})
export type TaskVolume = typeof TaskVolume.Type

export const TaskDefinitionRecord = Schema.Struct({
  family: Schema.String,
  revision: Schema.Number,
  status: Schema.Literals(["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"]),
  registeredAt: Schema.Number,
  registeredBy: Schema.String,
  deregisteredAt: number,
  /** The input of RegisterTaskDefinition without its tags. */
  definition: JsonObject
})
export type TaskDefinitionRecord = typeof TaskDefinitionRecord.Type

export const FamilyRecord = Schema.Struct({ family: Schema.String, lastRevision: Schema.Number })

const TaskContainer = Schema.Struct({
  name: Schema.String,
  /** Id on the workload host, and the `runtimeId` of the API. */
  runtimeId: Schema.String,
  arnId: Schema.String,
  image: Schema.String,
  imageDigest: text,
  essential: Schema.Boolean,
  lastStatus: Schema.String,
  exitCode: number,
  reason: text
})
export type TaskContainer = typeof TaskContainer.Type

export const TaskRecord = Schema.Struct({
  id: Schema.String,
  cluster: Schema.String,
  family: Schema.String,
  revision: Schema.Number,
  lastStatus: Schema.String,
  desiredStatus: Schema.Literals(["RUNNING", "STOPPED"]),
  version: Schema.Number,
  group: Schema.String,
  startedBy: text,
  launchType: Schema.String,
  cpu: text,
  memory: text,
  enableExecuteCommand: Schema.Boolean,
  overrides: JsonObject,
  subnet: Schema.String,
  securityGroups: Schema.Array(Schema.String),
  createdAt: Schema.Number,
  pullStartedAt: number,
  pullStoppedAt: number,
  startedAt: number,
  stoppingAt: number,
  stoppedAt: number,
  executionStoppedAt: number,
  stopCode: text,
  stoppedReason: text,
  attachmentId: Schema.String,
  attachmentStatus: Schema.String,
  eniId: Schema.String,
  ip: text,
  mac: text,
  containers: Schema.Array(TaskContainer)
})
export type TaskRecord = typeof TaskRecord.Type

/** A client token and what it made. */
export const TokenRecord = Schema.Struct({
  hash: Schema.String,
  tasks: Schema.Array(Schema.String),
  madeAt: Schema.Number
})

/** Key of a task definition's row: revisions of a family stay in their order. */
export const revisionKey = (family: string, revision: number): string =>
  `${family}:${String(revision).padStart(8, "0")}`
