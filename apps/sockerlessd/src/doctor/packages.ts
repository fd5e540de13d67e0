import { existsSync, readFileSync } from "node:fs"

type Family = "apt" | "dnf" | "apk" | "pacman"
export type Tool = "conmon" | "runtime" | "nft" | "ip" | "tini" | "seccomp" | "util-linux" | "mount" | "tar" | "procps"

const packageNames: Readonly<Record<Tool, Readonly<Record<Family, string>>>> = {
  conmon: { apt: "conmon", dnf: "conmon", apk: "conmon", pacman: "conmon" },
  runtime: { apt: "crun", dnf: "crun", apk: "crun", pacman: "crun" },
  nft: { apt: "nftables", dnf: "nftables", apk: "nftables", pacman: "nftables" },
  ip: { apt: "iproute2", dnf: "iproute", apk: "iproute2", pacman: "iproute2" },
  tini: { apt: "tini", dnf: "tini", apk: "tini", pacman: "tini" },
  seccomp: {
    apt: "golang-github-containers-common",
    dnf: "containers-common",
    apk: "containers-common",
    pacman: "containers-common"
  },
  "util-linux": { apt: "util-linux", dnf: "util-linux", apk: "util-linux", pacman: "util-linux" },
  mount: { apt: "mount", dnf: "util-linux", apk: "mount", pacman: "util-linux" },
  tar: { apt: "tar", dnf: "tar", apk: "tar", pacman: "tar" },
  procps: { apt: "procps", dnf: "procps-ng", apk: "procps", pacman: "procps-ng" }
}

const install: Readonly<Record<Family, string>> = {
  apt: "apt-get install -y",
  dnf: "dnf install -y",
  apk: "apk add",
  pacman: "pacman -S --noconfirm"
}

const families: ReadonlyArray<readonly [RegExp, Family]> = [
  [/\b(debian|ubuntu)\b/, "apt"],
  [/\b(fedora|rhel|centos)\b/, "dnf"],
  [/\balpine\b/, "apk"],
  [/\barch\b/, "pacman"]
]

const familyOf = (osRelease: string): Family | undefined => {
  const ids = osRelease
    .split("\n")
    .filter((line) => /^ID(_LIKE)?=/.test(line))
    .join(" ")
  return families.find(([pattern]) => pattern.test(ids))?.[1]
}

/** The command that installs a tool on the system described by /etc/os-release. */
export const installCommand = (tool: Tool, osRelease: string): string => {
  const family = familyOf(osRelease)
  return family === undefined
    ? `install the package that carries ${packageNames[tool].apt}`
    : `${install[family]} ${packageNames[tool][family]}`
}

export const readOsRelease = (): string =>
  existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : ""
