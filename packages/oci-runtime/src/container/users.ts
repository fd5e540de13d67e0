import { Effect } from "effect"
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs"
import { RuntimeFailed, StartFailed, reasonOf } from "./faults.ts"
import { lookupInLayers } from "./union-lookup.ts"

export interface ResolvedUser {
  readonly uid: number
  readonly gid: number
  readonly additionalGids: ReadonlyArray<number>
  readonly home: string
}

interface PasswdEntry {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

interface GroupEntry {
  readonly name: string
  readonly gid: number
  readonly members: ReadonlyArray<string>
}

/** Account files larger than this are not account files. */
const FILE_LIMIT_BYTES = 8 * 1024 * 1024
/** The kernel's and Docker's range of ids. */
const ID_LIMIT = 2 ** 31 - 1

const parsePasswd = (text: string): ReadonlyArray<PasswdEntry> =>
  text.split("\n").flatMap((line) => {
    const [name = "", , uid = "", gid = "", , home = ""] = line.split(":")
    return name === "" || uid === "" ? [] : [{ name, uid: Number(uid), gid: Number(gid), home }]
  })

const parseGroup = (text: string): ReadonlyArray<GroupEntry> =>
  text.split("\n").flatMap((line) => {
    const [name = "", , gid = "", members = ""] = line.split(":")
    return name === "" || gid === "" ? [] : [{ name, gid: Number(gid), members: members.split(",") }]
  })

/** Opened so that a container that puts a pipe or a link in the file's place meanwhile gains nothing. */
const OPEN_PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

const readPlain = (path: string): string => {
  const fd = openSync(path, OPEN_PLAIN)
  try {
    const stats = fstatSync(fd)
    return stats.isFile() && stats.size <= FILE_LIMIT_BYTES ? readFileSync(fd, "utf8") : ""
  } finally {
    closeSync(fd)
  }
}

const readAccounts = (layers: ReadonlyArray<string>, path: string): Effect.Effect<string, RuntimeFailed> =>
  Effect.try({
    try: () => {
      const found = lookupInLayers(layers, path)
      return found?.stats.isFile() === true ? readPlain(found.path) : ""
    },
    catch: (cause) => new RuntimeFailed({ step: `read ${path} of the image`, reason: reasonOf(cause) })
  })

const refused = (text: string) => new StartFailed({ text, exitCode: 128 })

const numeric = (text: string): number | undefined => (/^\d+$/.test(text) ? Number(text) : undefined)

const checkRange = (id: number): Effect.Effect<number, StartFailed> =>
  id <= ID_LIMIT ? Effect.succeed(id) : Effect.fail(refused("uids and gids must be in range 0-2147483647"))

/**
 * Resolves Docker's `user[:group]` against the image's /etc/passwd and /etc/group, with Docker's rules: a numeric uid
 * need not exist, a named one must; supplementary groups come from /etc/group unless a group is named.
 */
export const resolveUser = Effect.fnUntraced(function* (
  layersHighestFirst: ReadonlyArray<string>,
  user: string,
  groupAdd: ReadonlyArray<string>
): Effect.fn.Return<ResolvedUser, StartFailed | RuntimeFailed> {
  if ((user === "" || user === "0" || user === "0:0") && groupAdd.length === 0 && layersHighestFirst.length === 0) {
    return { uid: 0, gid: 0, additionalGids: [], home: "/root" }
  }
  const passwd = parsePasswd(yield* readAccounts(layersHighestFirst, "/etc/passwd"))
  const groups = parseGroup(yield* readAccounts(layersHighestFirst, "/etc/group"))
  const [userPart = "", groupPart = ""] = user.split(":", 2)
  const wanted = userPart === "" ? "0" : userPart
  const entry = passwd.find((candidate) => candidate.name === wanted || String(candidate.uid) === wanted)
  const uid = entry?.uid ?? numeric(wanted)
  if (uid === undefined) {
    return yield* Effect.fail(refused(`unable to find user ${wanted}: no matching entries in passwd file`))
  }
  yield* checkRange(uid)
  const groupId = (name: string): Effect.Effect<number, StartFailed> => {
    const gid =
      groups.find((candidate) => candidate.name === name || String(candidate.gid) === name)?.gid ?? numeric(name)
    return gid === undefined
      ? Effect.fail(refused(`unable to find group ${name}: no matching entries in group file`))
      : checkRange(gid)
  }
  const gid = groupPart === "" ? (entry?.gid ?? 0) : yield* groupId(groupPart)
  const memberships =
    groupPart === "" && entry !== undefined
      ? groups.filter((group) => group.members.includes(entry.name)).map((group) => group.gid)
      : []
  const added = yield* Effect.forEach(groupAdd, groupId)
  return { uid, gid, additionalGids: [...new Set([gid, ...memberships, ...added])], home: entry?.home ?? "/" }
})
