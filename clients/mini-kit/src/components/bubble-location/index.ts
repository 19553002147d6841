import { tellFailure } from '../../hosts'

Component({
  externalClasses: ['custom-class'],
  properties: { body: Object },
  methods: {
    open() {
      const { latitude, longitude, name, address } = this.data.body as {
        latitude: number
        longitude: number
        name: string
        address: string
      }
      wx.openLocation({ latitude, longitude, name, address, fail: ({ errMsg }) => tellFailure(errMsg) })
    },
  },
})
