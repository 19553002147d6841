import { tellFailure } from '../../hosts'

Component({
  externalClasses: ['custom-class'],
  properties: { body: Object, progress: Number, sending: Boolean },
  methods: {
    open() {
      const { src, poster } = this.data.body as { src: string; poster: string }
      if (src && !this.data.sending)
        wx.previewMedia({ sources: [{ url: src, type: 'video', poster }], fail: ({ errMsg }) => tellFailure(errMsg) })
    },
  },
})
