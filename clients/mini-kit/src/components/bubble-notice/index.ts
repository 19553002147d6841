/** What nobody said: system notices, recalled messages. */
Component({ externalClasses: ['custom-class'], properties: { text: String } })
