import { Schema } from "effect"
import { arch } from "node:os"

/**
 * Profiles in Docker's form (rules with conditions on capabilities and architectures) become the OCI form, which has
 * no conditions. The default profile is the one the distribution ships for all container engines.
 */
const strings = Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.String)))
const Conditions = Schema.Struct({
  caps: strings,
  arches: strings,
  minKernel: Schema.optionalKey(Schema.NullOr(Schema.String))
})
const Profile = Schema.Struct({
  defaultAction: Schema.String,
  defaultErrnoRet: Schema.optionalKey(Schema.NullOr(Schema.Number)),
  architectures: strings,
  archMap: Schema.optionalKey(
    Schema.NullOr(Schema.Array(Schema.Struct({ architecture: Schema.String, subArchitectures: strings })))
  ),
  syscalls: Schema.Array(
    Schema.Struct({
      names: strings,
      name: Schema.optionalKey(Schema.String),
      action: Schema.String,
      errnoRet: Schema.optionalKey(Schema.NullOr(Schema.Number)),
      args: Schema.optionalKey(
        Schema.NullOr(
          Schema.Array(
            Schema.Struct({
              index: Schema.Number,
              value: Schema.Number,
              valueTwo: Schema.optionalKey(Schema.Number),
              op: Schema.String
            })
          )
        )
      ),
      includes: Schema.optionalKey(Schema.NullOr(Conditions)),
      excludes: Schema.optionalKey(Schema.NullOr(Conditions))
    })
  )
})
type Conditions = typeof Conditions.Type

const machine =
  arch() === "arm64" ? { rule: "arm64", oci: "SCMP_ARCH_AARCH64" } : { rule: "amd64", oci: "SCMP_ARCH_X86_64" }

const matchesAll = (conditions: Conditions | null | undefined, capabilities: ReadonlyArray<string>): boolean => {
  const caps = conditions?.caps ?? []
  const arches = conditions?.arches ?? []
  return (arches.length === 0 || arches.includes(machine.rule)) && caps.every((cap) => capabilities.includes(cap))
}

const matchesAny = (conditions: Conditions | null | undefined, capabilities: ReadonlyArray<string>): boolean =>
  (conditions?.arches ?? []).includes(machine.rule) ||
  (conditions?.caps ?? []).some((cap) => capabilities.includes(cap))

/** Decodes a profile; the error text says what is wrong with it. */
export const parseSeccompProfile = Schema.decodeUnknownEffect(Schema.fromJsonString(Profile))

/** The profile for a process with these capabilities, in the runtime specification's form. */
export const seccompFor = (profile: typeof Profile.Type, capabilities: ReadonlyArray<string>) => {
  const mapped = (profile.archMap ?? []).find((entry) => entry.architecture === machine.oci)
  const architectures = mapped
    ? [mapped.architecture, ...(mapped.subArchitectures ?? [])]
    : (profile.architectures ?? [])
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet == null ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures,
    syscalls: profile.syscalls.flatMap((rule) => {
      if (!matchesAll(rule.includes, capabilities) || matchesAny(rule.excludes, capabilities)) return []
      const names = rule.names ?? (rule.name === undefined ? [] : [rule.name])
      return [
        {
          names,
          action: rule.action,
          ...(rule.errnoRet == null ? {} : { errnoRet: rule.errnoRet }),
          ...(rule.args == null || rule.args.length === 0 ? {} : { args: rule.args })
        }
      ]
    })
  }
}

export type SeccompProfile = typeof Profile.Type
