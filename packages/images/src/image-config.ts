import { Schema } from "effect"

/** A health check as the image declares it; zero durations mean "the default". */
export interface ImageHealthcheck {
  readonly test: ReadonlyArray<string>
  readonly intervalNanos: number
  readonly timeoutNanos: number
  readonly startPeriodNanos: number
  readonly startIntervalNanos: number
  readonly retries: number
}

/** What an image says about the containers made of it. */
export interface ImageConfig {
  readonly entrypoint?: ReadonlyArray<string>
  readonly cmd?: ReadonlyArray<string>
  readonly env?: ReadonlyArray<string>
  readonly workingDir?: string
  readonly user?: string
  readonly labels?: Readonly<Record<string, string>>
  /** `80/tcp` */
  readonly exposedPorts?: ReadonlyArray<string>
  readonly volumes?: ReadonlyArray<string>
  readonly stopSignal?: string
  readonly healthcheck?: ImageHealthcheck
  readonly shell?: ReadonlyArray<string>
  readonly onBuild?: ReadonlyArray<string>
}

const list = Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String)))
const text = Schema.optionalKey(Schema.NullOr(Schema.String))
const number = Schema.optionalKey(Schema.NullOr(Schema.Number))
const setOf = Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)))

/** The image config blob (OCI image-spec config.md; Docker's additions beside it). */
export const ImageConfigBlob = Schema.Struct({
  created: text,
  author: text,
  comment: text,
  architecture: Schema.optionalKey(Schema.String),
  os: Schema.optionalKey(Schema.String),
  variant: text,
  config: Schema.optionalKey(
    Schema.NullOr(
      Schema.Struct({
        User: text,
        ExposedPorts: setOf,
        Env: list,
        Entrypoint: list,
        Cmd: list,
        Volumes: setOf,
        WorkingDir: text,
        Labels: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.String))),
        StopSignal: text,
        Shell: list,
        OnBuild: list,
        Healthcheck: Schema.optionalKey(
          Schema.NullOr(
            Schema.Struct({
              Test: list,
              Interval: number,
              Timeout: number,
              StartPeriod: number,
              StartInterval: number,
              Retries: number
            })
          )
        )
      })
    )
  ),
  rootfs: Schema.Struct({
    type: Schema.optionalKey(Schema.String),
    diff_ids: Schema.NullOr(Schema.Array(Schema.String))
  }),
  history: Schema.optionalKey(
    Schema.NullOr(
      Schema.Array(
        Schema.Struct({
          created: text,
          created_by: text,
          author: text,
          comment: text,
          empty_layer: Schema.optionalKey(Schema.Boolean)
        })
      )
    )
  )
})
export type ImageConfigBlob = typeof ImageConfigBlob.Type

const defined = <T extends object>(object: { readonly [K in keyof T]: T[K] | undefined | null }): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null)) as T

/** The parsed config of a blob. */
export const configOf = (blob: ImageConfigBlob): ImageConfig => {
  const { config } = blob
  const check = config?.Healthcheck
  return defined<ImageConfig>({
    entrypoint: config?.Entrypoint,
    cmd: config?.Cmd,
    env: config?.Env,
    workingDir: config?.WorkingDir,
    user: config?.User,
    labels: config?.Labels,
    exposedPorts: config?.ExposedPorts == null ? undefined : Object.keys(config.ExposedPorts),
    volumes: config?.Volumes == null ? undefined : Object.keys(config.Volumes),
    stopSignal: config?.StopSignal,
    shell: config?.Shell,
    onBuild: config?.OnBuild,
    healthcheck:
      check == null
        ? undefined
        : {
            test: check.Test ?? [],
            intervalNanos: check.Interval ?? 0,
            timeoutNanos: check.Timeout ?? 0,
            startPeriodNanos: check.StartPeriod ?? 0,
            startIntervalNanos: check.StartInterval ?? 0,
            retries: check.Retries ?? 0
          }
  })
}
