import { pageOf } from "@sockerless/simulator-kit"
import { Effect, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { type AwsFault, awsFault } from "../wire/aws-fault.ts"
import { operation } from "../wire/operation.ts"
import type { RestRoute } from "../wire/service.ts"
import { addTags, dropTags, tagsOf } from "../world.ts"
import { resolveImage } from "./image.ts"
import { FileSystemConfig, type FunctionRecord, ImageConfig, VpcConfig } from "./records.ts"
import type { Sandboxes } from "./sandboxes.ts"
import { functionArn, functionOf, invalid, type LambdaShelf } from "./shelf.ts"
import { shownFunction } from "./shown.ts"

const text = Schema.optionalKey(Schema.String)
const number = Schema.optionalKey(Schema.Number)

const Configuration = {
  Role: text,
  Description: text,
  Timeout: number,
  MemorySize: number,
  EphemeralStorage: Schema.optionalKey(Schema.Struct({ Size: Schema.Number })),
  Environment: Schema.optionalKey(
    Schema.Struct({ Variables: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)) })
  ),
  ImageConfig: Schema.optionalKey(ImageConfig),
  FileSystemConfigs: Schema.optionalKey(Schema.Array(FileSystemConfig)),
  VpcConfig: Schema.optionalKey(VpcConfig)
}
const ConfigurationInput = Schema.Struct(Configuration)

const ENVIRONMENT_LIMIT = 4096
const NAME = /^[a-zA-Z0-9-_]{1,64}$/

const refusalOf = (input: typeof ConfigurationInput.Type): string | undefined => {
  const { Timeout = 3, MemorySize = 128, EphemeralStorage, FileSystemConfigs = [], Environment } = input
  if (Timeout < 1 || Timeout > 900)
    return `Value ${Timeout} at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900`
  if (MemorySize < 128 || MemorySize > 10_240)
    return `'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240`
  if (EphemeralStorage !== undefined && (EphemeralStorage.Size < 512 || EphemeralStorage.Size > 10_240))
    return `'EphemeralStorage.Size' value failed to satisfy constraint: Member must be between 512 and 10240`
  if (FileSystemConfigs.length > 1) return "FileSystemConfigs: Member must have length less than or equal to 1"
  if (FileSystemConfigs.some((config) => !config.LocalMountPath.startsWith("/mnt/")))
    return "LocalMountPath: Member must satisfy regular expression pattern: ^/mnt/[a-zA-Z0-9-_.]+$"
  return JSON.stringify(Environment?.Variables ?? {}).length > ENVIRONMENT_LIMIT
    ? "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit."
    : undefined
}

const configured = (input: typeof ConfigurationInput.Type): Partial<FunctionRecord> => ({
  ...(input.Role === undefined ? {} : { role: input.Role }),
  ...(input.Description === undefined ? {} : { description: input.Description }),
  ...(input.Timeout === undefined ? {} : { timeout: input.Timeout }),
  ...(input.MemorySize === undefined ? {} : { memorySize: input.MemorySize }),
  ...(input.EphemeralStorage === undefined ? {} : { ephemeralStorage: input.EphemeralStorage.Size }),
  ...(input.Environment === undefined ? {} : { environment: input.Environment.Variables ?? {} }),
  ...(input.ImageConfig === undefined ? {} : { imageConfig: input.ImageConfig }),
  ...(input.FileSystemConfigs === undefined ? {} : { fileSystems: input.FileSystemConfigs }),
  ...(input.VpcConfig === undefined ? {} : { vpc: input.VpcConfig })
})

/** Changes a function and gives it a new revision. */
const revise = (shelf: LambdaShelf, record: FunctionRecord, change: Partial<FunctionRecord>): FunctionRecord =>
  shelf.functions.put(record.name, {
    ...record,
    ...change,
    revision: randomUUID(),
    modifiedAt: shelf.world.simulation.clock.now()
  })

const create = (shelf: LambdaShelf) =>
  operation(
    "CreateFunction",
    Schema.Struct({
      FunctionName: Schema.String,
      Code: Schema.Struct({ ImageUri: text }),
      PackageType: text,
      Architectures: Schema.optionalKey(Schema.Array(Schema.String)),
      Tags: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
      ...Configuration
    }),
    (input) =>
      Effect.gen(function* () {
        const { FunctionName: name } = input
        if (!NAME.test(name)) return yield* invalid(`Value '${name}' at 'functionName' failed to satisfy constraint`)
        if (shelf.functions.has(name))
          return yield* awsFault("ResourceConflictException", `Function already exist: ${name}`, { status: 409 })
        if (input.PackageType !== "Image" || input.Code.ImageUri === undefined)
          return yield* invalid("the simulator runs functions of the package type Image only")
        const refusal = refusalOf(input)
        if (refusal !== undefined) return yield* invalid(refusal)
        const image = yield* resolveImage(shelf, input.Code.ImageUri)
        const now = shelf.world.simulation.clock.now()
        const record = shelf.functions.put(name, {
          name,
          role: "",
          imageUri: input.Code.ImageUri,
          ...image,
          description: "",
          timeout: 3,
          memorySize: 128,
          ephemeralStorage: 512,
          environment: {},
          fileSystems: [],
          architectures: input.Architectures ?? ["x86_64"],
          ...configured(input),
          revision: randomUUID(),
          modifiedAt: now,
          activeAt: now + shelf.world.timing.functionPendingMillis
        })
        addTags(shelf.world, functionArn(shelf.world, name), input.Tags ?? {})
        return shownFunction(shelf, record)
      })
  )

/** A revision named by the caller must be the present one. */
const checkRevision = (record: FunctionRecord, asked: string | undefined): Effect.Effect<void, AwsFault> =>
  asked === undefined || asked === record.revision
    ? Effect.void
    : Effect.fail(
        awsFault(
          "PreconditionFailedException",
          "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
          { status: 412 }
        )
      )

const update = (shelf: LambdaShelf, sandboxes: Sandboxes) => ({
  code: operation(
    "UpdateFunctionCode",
    Schema.Struct({ FunctionName: Schema.String, ImageUri: Schema.String, RevisionId: text }),
    (input) =>
      Effect.gen(function* () {
        const record = yield* functionOf(shelf, input.FunctionName)
        yield* checkRevision(record, input.RevisionId)
        const image = yield* resolveImage(shelf, input.ImageUri)
        const changed = revise(shelf, record, { imageUri: input.ImageUri, ...image })
        yield* sandboxes.retire(record.name)
        return shownFunction(shelf, changed)
      })
  ),
  configuration: operation(
    "UpdateFunctionConfiguration",
    Schema.Struct({ FunctionName: Schema.String, RevisionId: text, ...Configuration }),
    (input) =>
      Effect.gen(function* () {
        const record = yield* functionOf(shelf, input.FunctionName)
        yield* checkRevision(record, input.RevisionId)
        const refusal = refusalOf(input)
        if (refusal !== undefined) return yield* invalid(refusal)
        const changed = revise(shelf, record, configured(input))
        yield* sandboxes.retire(record.name)
        return shownFunction(shelf, changed)
      })
  )
})

const Named = Schema.Struct({ FunctionName: Schema.String })

const read = (shelf: LambdaShelf) => ({
  get: operation("GetFunction", Named, (input, call) =>
    Effect.map(functionOf(shelf, input.FunctionName), (record) => ({
      Configuration: shownFunction(shelf, record),
      Code: { RepositoryType: "ECR", ImageUri: record.imageUri, ResolvedImageUri: record.resolvedUri },
      Tags: tagsOf(shelf.world, functionArn(shelf.world, record.name), call.view.asOf),
      ...(record.reservedConcurrency === undefined
        ? {}
        : { Concurrency: { ReservedConcurrentExecutions: record.reservedConcurrency } })
    }))
  ),
  configuration: operation("GetFunctionConfiguration", Named, (input) =>
    Effect.map(functionOf(shelf, input.FunctionName), (record) => shownFunction(shelf, record))
  ),
  list: operation("ListFunctions", Schema.Struct({ Marker: text, MaxItems: text }), (input, call) =>
    Effect.gen(function* () {
      const page = pageOf(
        shelf.functions.all(call.view.asOf),
        (record) => record.name,
        { limit: Math.min(50, Number(input.MaxItems ?? "50")), token: input.Marker },
        call.view
      )
      if (page === undefined) return yield* invalid("the marker is not valid")
      return {
        Functions: page.items.map((record) => {
          // Listings leave the state out.
          const {
            State: _,
            StateReason: __,
            LastUpdateStatus: ___,
            ...rest
          } = Object.assign({ StateReason: "" }, shownFunction(shelf, record))
          return rest
        }),
        ...(page.next === undefined ? {} : { NextMarker: page.next })
      }
    })
  )
})

const remove = (shelf: LambdaShelf, sandboxes: Sandboxes) =>
  operation("DeleteFunction", Named, (input) =>
    Effect.gen(function* () {
      const { name } = yield* functionOf(shelf, input.FunctionName)
      shelf.functions.delete(name)
      dropTags(shelf.world, functionArn(shelf.world, name))
      for (const queued of shelf.queue.all()) if (queued.function === name) shelf.queue.delete(queued.id)
      yield* sandboxes.retire(name)
      return {}
    })
  )

/** Functions. */
export const functionRoutes = (shelf: LambdaShelf, sandboxes: Sandboxes): ReadonlyArray<RestRoute> => {
  const one = "/2015-03-31/functions/{FunctionName}"
  const updates = update(shelf, sandboxes)
  const reads = read(shelf)
  return [
    { method: "POST", pattern: "/2015-03-31/functions", status: 201, operation: create(shelf) },
    { method: "GET", pattern: "/2015-03-31/functions", operation: reads.list },
    { method: "GET", pattern: one, operation: reads.get },
    { method: "GET", pattern: `${one}/configuration`, operation: reads.configuration },
    { method: "DELETE", pattern: one, status: 204, operation: remove(shelf, sandboxes) },
    { method: "PUT", pattern: `${one}/code`, operation: updates.code },
    { method: "PUT", pattern: `${one}/configuration`, operation: updates.configuration }
  ]
}
