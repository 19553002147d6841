Component({ externalClasses: ['custom-class'], properties: { body: Object } })
