/** What the environment says of the deployment to test against; without it nothing is tested, and that is a failure. */
function given(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: tests/e2e/test_sdk.py starts a deployment and sets it`)
  return value
}

export const url = given('CHAGUAN_URL')
export const customerToken = given('CHAGUAN_CUSTOMER_TOKEN')
export const staffToken = given('CHAGUAN_STAFF_TOKEN')
export const staffDevice = given('CHAGUAN_STAFF_DEVICE')

/** Waits for a condition, at most 10 s. */
export async function until<T>(
  what: string,
  look: () => T | undefined | null | false | Promise<T | undefined | null | false>,
): Promise<T> {
  const deadline = Date.now() + 10_000
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`not within 10 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
