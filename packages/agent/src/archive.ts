import { type Json } from "@sockerless/agent-link/protocol"
import { type FileOwner, packTo, statOf, unpackFrom } from "@sockerless/oci-runtime/archive"
import { textOf } from "./params.ts"
import type { StreamTask } from "./stream-channel.ts"

/** Docker's stat of a path. */
export const stat = (params: Json): Json => ({ ...statOf(textOf(params, "path")) })

/** What is in the root and is none of the container's files. */
const notOfTheImage: ReadonlySet<string> = new Set(["/proc", "/sys", "/dev", "/.sl"])

/** The tree at a path, as a tar to the daemon. */
export const pull =
  (params: Json): StreamTask =>
  async ({ output }) => {
    const path = textOf(params, "path")
    await packTo(path, output, path === "/" ? notOfTheImage : new Set())
    return null
  }

const ownerOf = (params: Json): FileOwner | undefined => {
  const owner = textOf(params, "owner")
  const [uid, gid] = owner.split(":").map(Number)
  return uid === undefined || gid === undefined || owner === "" ? undefined : { uid, gid }
}

/** A tar from the daemon, unpacked into the folder at a path. */
export const push =
  (params: Json): StreamTask =>
  async ({ input }) => {
    const owner = ownerOf(params)
    await unpackFrom(textOf(params, "path"), input, {
      noOverwriteDirNonDir: textOf(params, "noOverwriteDirNonDir") === "true",
      ...(owner && { owner })
    })
    return null
  }
