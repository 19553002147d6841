/** Tags with a hyphen that the host itself has. */
export const HOST_TAGS = new Set(
  `ad-custom channel-live channel-video checkbox-group cover-image cover-view double-tap-gesture-handler
  draggable-sheet force-press-gesture-handler functional-page-navigator grid-builder grid-view
  horizontal-drag-gesture-handler keyboard-accessory list-builder list-view live-player live-pusher
  location-picker long-press-gesture-handler match-media movable-area movable-view native-component
  navigation-bar nested-scroll-body nested-scroll-header official-account official-account-publish open-container
  open-data open-data-item open-data-list page-container page-meta pan-gesture-handler picker-view
  picker-view-column radio-group rich-text root-portal scale-gesture-handler scroll-view share-element snapshot
  span sticky-header sticky-section store-coupon store-gift store-home store-product swiper-item
  tap-gesture-handler vertical-drag-gesture-handler voip-room web-view xr-scene`.split(/\s+/),
)
