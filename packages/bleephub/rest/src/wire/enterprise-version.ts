/** The version GitHub Enterprise Server says it is; clients choose what they ask for by it. */
export const ENTERPRISE_VERSION = "3.19.0"
