/** A bundle of forwarded messages: whose they are and the first lines. A tap opens it (`bundle` of the bubble). */
Component({ externalClasses: ['custom-class'], properties: { body: Object } })
