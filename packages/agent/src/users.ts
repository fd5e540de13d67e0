import { existsSync, readFileSync } from "node:fs"

export interface UserIds {
  readonly uid: number
  readonly gid: number
  readonly home: string
}

interface Entry {
  readonly name: string
  readonly id: number
  readonly fields: ReadonlyArray<string>
}

const entries = (file: string): ReadonlyArray<Entry> =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.split(":"))
        .filter((fields) => /^\d+$/.test(fields[2] ?? ""))
        .map((fields) => ({ name: fields[0] ?? "", id: Number(fields[2]), fields }))
    : []

const numeric = (text: string): number | undefined => {
  if (!/^\d+$/.test(text)) return undefined
  const id = Number(text)
  if (id > 0x7fffffff) throw new RangeError(`uids and gids must be in range 0-2147483647`)
  return id
}

/** Who `user`, `uid`, `user:group` … is inside this root; undefined for who we are. Throws with Docker's words. */
export const userIdsOf = (user: string): UserIds | undefined => {
  if (user === "") return undefined
  const [name = "", group = ""] = user.split(":")
  const users = entries("/etc/passwd")
  const number = numeric(name)
  const known = users.find((one) => one.name === name) ?? users.find((one) => one.id === number)
  const uid = known?.id ?? number
  if (uid === undefined) throw new RangeError(`unable to find user ${name}: no matching entries in passwd file`)
  const own = Number(known?.fields[3] ?? 0)
  const home = known?.fields[5] ?? "/"
  if (group === "") return { uid, gid: own, home }
  const gid = entries("/etc/group").find((one) => one.name === group)?.id ?? numeric(group)
  if (gid === undefined) throw new RangeError(`unable to find group ${group}: no matching entries in group file`)
  return { uid, gid, home }
}
