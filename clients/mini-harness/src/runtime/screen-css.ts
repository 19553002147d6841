// Look of the frame around the pages and of the built-in components, after WeChat's own.
export default `
[class^=mp-],[class*=" mp-"],.mp-overlays *,.mp-nav *,.mp-tabbar *,wx-button,wx-button::after{box-sizing:border-box}
*{-webkit-tap-highlight-color:transparent}
html,body{margin:0;height:100%;overflow:hidden;background:#ededed}
body{font:16px/1.4 -apple-system,"PingFang SC","Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei",sans-serif;color:#000}
.mp-screen{position:relative;width:min(100vw,430px);height:100vh;margin:0 auto;overflow:hidden;background:#fff;user-select:none}
.mp-pages,.mp-page{position:absolute;inset:0}
.mp-page{display:flex;flex-direction:column;background:#fff}
.mp-page[hidden]{display:none}
.mp-page.mp-entering{animation:mp-enter .18s ease-out}
@keyframes mp-enter{from{transform:translateX(35%);opacity:.2}}
@media (prefers-reduced-motion:reduce){.mp-page.mp-entering{animation:none}}
.mp-viewport{position:relative;flex:1;min-height:0;transform:translateZ(0);overflow:hidden}
wx-page{display:block;height:100%;overflow:hidden auto;overscroll-behavior:contain;scrollbar-width:none;position:relative}
wx-page::-webkit-scrollbar,wx-scroll-view::-webkit-scrollbar{display:none}
.mp-root{display:block;min-height:100%}
wx-page>.mp-root{display:contents}
.mp-nav{flex:none;position:relative;padding-top:var(--mp-status);height:calc(var(--mp-status) + 44px);z-index:10}
.mp-nav-title{position:absolute;left:96px;right:96px;top:var(--mp-status);height:44px;line-height:44px;margin:0;text-align:center;font-size:17px;font-weight:600;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.mp-nav-loading::before{content:"";display:inline-block;width:14px;height:14px;margin-right:6px;vertical-align:-2px;border-radius:50%;border:2px solid currentColor;border-right-color:transparent;animation:mp-spin 1s linear infinite}
.mp-nav-back{position:absolute;left:4px;top:calc(var(--mp-status) + 4px);width:40px;height:36px;border:0;background:none;color:inherit;cursor:pointer;padding:0}
.mp-nav-back svg{width:20px;height:20px;display:block;margin:auto}
.mp-capsule{position:absolute;right:7px;top:calc(var(--mp-status) + 6px);width:87px;height:32px;border:.5px solid rgba(0,0,0,.12);border-radius:16px;background:rgba(255,255,255,.65);display:flex;color:#000;z-index:12}
.mp-capsule.mp-light{border-color:rgba(255,255,255,.3);background:rgba(0,0,0,.15);color:#fff}
.mp-capsule button{flex:1;border:0;background:none;color:inherit;padding:0;cursor:pointer}
.mp-capsule button+button{position:relative}
.mp-capsule button+button::before{content:"";position:absolute;left:0;top:7px;bottom:7px;width:.5px;background:currentColor;opacity:.2}
.mp-capsule svg{width:18px;height:18px;display:block;margin:auto}
.mp-capsule.mp-floating{position:absolute}
.mp-status{position:absolute;top:0;left:0;right:0;height:var(--mp-status);display:flex;align-items:center;justify-content:space-between;padding:0 24px;font-size:14px;font-weight:600;pointer-events:none;z-index:11}
.mp-status[data-short]{padding:0 8px;font-size:12px}
.mp-tabbar{flex:none;display:flex;height:calc(50px + var(--mp-safe-bottom));padding-bottom:var(--mp-safe-bottom);border-top:.5px solid rgba(0,0,0,.12);z-index:10}
.mp-tab{flex:1;position:relative;border:0;background:none;padding:0;font:inherit;font-size:10px;line-height:1.2;cursor:pointer;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:3px;color:inherit}
.mp-tab img{width:26px;height:26px;display:block}
.mp-tab-text-only{font-size:15px}
.mp-tab-badge{position:absolute;left:calc(50% + 6px);top:3px;min-width:18px;height:18px;padding:0 5px;border-radius:9px;background:#fa5151;color:#fff;font-size:11px;line-height:18px;text-align:center}
.mp-tab-badge.mp-dot{min-width:8px;width:8px;height:8px;padding:0}
.mp-keyboard{flex:none;background:#d2d5db;display:flex;align-items:center;justify-content:center;color:#8a8f98;font-size:13px;overflow:hidden}
.mp-overlays{position:absolute;inset:0;pointer-events:none;z-index:100}
.mp-overlays>*{pointer-events:auto}
.mp-mask{position:absolute;inset:0;background:rgba(0,0,0,.5);display:flex;align-items:center;justify-content:center}
.mp-mask.mp-bottom{align-items:flex-end}
.mp-mask.mp-clear{background:none}
.mp-toast{position:absolute;left:50%;top:40%;transform:translate(-50%,-50%);max-width:70%;min-width:120px;padding:16px;border-radius:12px;background:rgba(76,76,76,.96);color:#fff;text-align:center;font-size:15px;line-height:1.4;word-break:break-word}
.mp-toast-icon{display:block;margin:2px auto 10px;width:40px;height:40px}
.mp-spinner{border:3px solid rgba(255,255,255,.35);border-top-color:#fff;border-radius:50%;animation:mp-spin 1s linear infinite}
@keyframes mp-spin{to{transform:rotate(360deg)}}
.mp-dialog{width:300px;max-width:86%;background:#fff;border-radius:12px;overflow:hidden;text-align:center}
.mp-dialog h2{margin:0;padding:28px 24px 0;font-size:17px;font-weight:600;line-height:1.4}
.mp-dialog p{margin:0;padding:14px 24px 28px;font-size:16px;color:rgba(0,0,0,.55);white-space:pre-wrap;word-break:break-word;max-height:50vh;overflow:auto}
.mp-dialog h2:last-of-type:nth-last-child(2){padding-bottom:28px}
.mp-dialog input{width:252px;margin:14px 24px 24px;padding:10px;font:inherit;border:0;border-radius:4px;background:#f2f2f2}
.mp-dialog-actions{display:flex;border-top:.5px solid rgba(0,0,0,.1)}
.mp-dialog-actions button{flex:1;height:54px;border:0;background:none;font-size:17px;font-weight:600;color:inherit;cursor:pointer}
.mp-dialog-actions button+button{border-left:.5px solid rgba(0,0,0,.1)}
.mp-sheet{width:100%;background:#f7f7f7;border-radius:12px 12px 0 0;overflow:hidden;padding-bottom:var(--mp-safe-bottom);animation:mp-up .2s ease-out}
@keyframes mp-up{from{transform:translateY(100%)}}
.mp-sheet button{display:block;width:100%;height:56px;border:0;border-top:.5px solid rgba(0,0,0,.08);background:#fff;color:inherit;font-size:17px;cursor:pointer}
.mp-sheet .mp-sheet-title{padding:18px;font-size:13px;color:rgba(0,0,0,.5);text-align:center;background:#fff}
.mp-sheet .mp-sheet-cancel{margin-top:8px}
.mp-preview{position:absolute;inset:0;background:#000;display:flex;align-items:center;justify-content:center}
.mp-preview img{max-width:100%;max-height:100%}
.mp-preview span{position:absolute;top:56px;left:0;right:0;text-align:center;color:#fff;font-size:14px}
.mp-picker{padding:12px 0}
.mp-picker select,.mp-picker input{display:block;width:calc(100% - 32px);margin:0 16px 12px;height:44px;font:inherit;border:.5px solid rgba(0,0,0,.12);border-radius:8px;background:#fff;padding:0 10px}
:focus-visible{outline:2px solid #576b95;outline-offset:1px}
.mp-overlays :focus-visible,.mp-tab:focus-visible{outline-offset:-3px;border-radius:8px}
[hidden]{display:none!important}
.mp-tabbar.mp-light-line{border-top-color:rgba(255,255,255,.5)}
[data-theme=dark] :is(.mp-screen,.mp-page){background:#111;color:#d5d5d5}
html[data-theme=dark],html[data-theme=dark] body{background:#000;color:#d5d5d5}
[data-theme=dark] :is(.mp-tabbar,.mp-tabbar.mp-light-line){border-top-color:rgba(255,255,255,.08)}
[data-theme=dark] .mp-capsule.mp-light{border-color:rgba(255,255,255,.2);background:rgba(0,0,0,.3)}
[data-theme=dark] .mp-keyboard{background:#2b2b2b;color:#9a9a9a}
[data-theme=dark] .mp-dialog{background:#2c2c2c;color:#d5d5d5}
[data-theme=dark] .mp-dialog p{color:rgba(255,255,255,.6)}
[data-theme=dark] .mp-dialog input{background:#3a3a3a;color:inherit}
[data-theme=dark] :is(.mp-dialog-actions,.mp-dialog-actions button+button){border-color:rgba(255,255,255,.1)}
[data-theme=dark] .mp-sheet{background:#1e1e1e}
[data-theme=dark] .mp-sheet button{background:#2c2c2c;border-top-color:rgba(255,255,255,.06)}
[data-theme=dark] .mp-sheet .mp-sheet-title{background:#2c2c2c;color:rgba(255,255,255,.5)}
[data-theme=dark] .mp-picker :is(select,input){background:#2c2c2c;color:#d5d5d5;border-color:rgba(255,255,255,.15)}
[data-theme=dark] .mp-check{background:none;border-color:#5c5c5c}
[data-theme=dark] .mp-switch{background:#4b4b4b}
[data-theme=dark] :focus-visible{outline-color:#8aa0d0}
:where([data-theme=dark]) wx-button{color:#d5d5d5;background:#2c2c2c}
:where([data-theme=dark]) wx-button[plain]{border-color:#8a8a8a;color:#d5d5d5;background:none}
:where([data-theme=dark]) wx-button[disabled]{color:rgba(255,255,255,.3);background:#2c2c2c}
wx-view,wx-scroll-view,wx-rich-text,wx-swiper,wx-form,wx-cover-view,wx-navigator,wx-movable-area,wx-checkbox-group,wx-radio-group{display:block}
wx-cover-view{white-space:nowrap;line-height:1.2}
wx-text{white-space:pre-wrap}
wx-text[selectable],wx-text[user-select]{user-select:text}
wx-image,wx-cover-image{display:inline-block;overflow:hidden;width:320px;height:240px;position:relative}
wx-cover-image{width:auto;height:auto}
wx-image>img{width:100%;height:100%;display:block}
wx-scroll-view{position:relative;-webkit-overflow-scrolling:touch;scrollbar-width:none}
wx-input,wx-textarea{display:block;overflow:hidden;position:relative;cursor:text;user-select:text}
wx-input{height:1.4em;min-height:1.4em}
wx-textarea{width:300px;height:150px}
.mp-field{display:block;width:100%;height:100%;margin:0;padding:0;border:0;outline:0;background:none;font:inherit;line-height:inherit;color:inherit;text-align:inherit;letter-spacing:inherit;resize:none;caret-color:#07c160}
.mp-field::placeholder{color:transparent}
.mp-placeholder{position:absolute;inset:0;padding:inherit;color:gray;pointer-events:none;overflow:hidden;white-space:nowrap;display:flex;align-items:center}
wx-textarea>.mp-placeholder{display:block;white-space:pre-wrap}
wx-button{display:block;position:relative;margin:0 auto;padding:0 14px;font-size:18px;line-height:2.55555556;text-align:center;border-radius:5px;overflow:hidden;cursor:pointer;color:#000;background:#f8f8f8}
wx-button::after{content:"";position:absolute;top:0;left:0;width:200%;height:200%;border:1px solid rgba(0,0,0,.2);border-radius:10px;transform:scale(.5);transform-origin:0 0;pointer-events:none}
wx-button[type=primary]{color:#fff;background:#07c160}
wx-button[type=warn]{color:#fff;background:#e64340}
wx-button[plain]{background:none;border:1px solid #353535;color:#353535}
wx-button[plain]::after{border-width:0}
wx-button[plain][type=primary]{border-color:#07c160;color:#07c160}
wx-button[size=mini]{display:inline-block;line-height:2.3;font-size:13px;padding:0 1.34em}
wx-button[disabled]{color:rgba(0,0,0,.3);background:#f7f7f7;cursor:default}
wx-button[disabled][type=primary]{color:rgba(255,255,255,.6);background:#9ed99d}
wx-button[loading]::before{content:"";display:inline-block;width:18px;height:18px;margin-right:6px;vertical-align:-4px;border-radius:50%;border:2px solid currentColor;border-right-color:transparent;animation:mp-spin 1s linear infinite}
.button-hover{filter:brightness(.9)}
.navigator-hover{background:rgba(0,0,0,.1);opacity:.7}
wx-icon{display:inline-block;vertical-align:middle;line-height:0}
wx-switch,wx-checkbox,wx-radio{display:inline-flex;align-items:center;vertical-align:middle;cursor:pointer}
.mp-switch{width:52px;height:32px;border-radius:16px;background:#dfdfdf;position:relative;transition:background .2s}
.mp-switch::after{content:"";position:absolute;width:28px;height:28px;left:2px;top:2px;border-radius:50%;background:#fff;box-shadow:0 1px 3px rgba(0,0,0,.3);transition:left .2s}
[aria-checked=true]>.mp-switch{background:var(--mp-color,#07c160)}
[aria-checked=true]>.mp-switch::after{left:22px}
.mp-check{flex:none;width:22px;height:22px;margin-right:6px;border:1px solid #c8c8c8;border-radius:4px;background:#fff;display:flex;align-items:center;justify-content:center;color:var(--mp-color,#07c160)}
.mp-check.mp-round{border-radius:50%}
.mp-check::after{content:"";width:6px;height:11px;border:solid currentColor;border-width:0 2px 2px 0;transform:translateY(-2px) rotate(45deg);visibility:hidden}
[aria-checked=true]>.mp-check::after{visibility:visible}
wx-slider{display:flex;align-items:center;margin:10px 18px;gap:10px}
wx-slider input{flex:1;min-width:0;height:28px;margin:0;appearance:none;background:none}
wx-slider input::-webkit-slider-runnable-track{height:2px;border-radius:1px;background:linear-gradient(var(--mp-color,#07c160) 0 0) 0/var(--mp-part,0%) 100% no-repeat #e9e9e9}
wx-slider input::-webkit-slider-thumb{appearance:none;width:28px;height:28px;margin-top:-13px;border-radius:50%;background:#fff;box-shadow:0 0 4px rgba(0,0,0,.25)}
wx-progress{display:flex;align-items:center;gap:8px}
.mp-progress{flex:1;height:6px;background:#ebebeb;border-radius:3px;overflow:hidden}
.mp-progress>i{display:block;height:100%;background:var(--mp-color,#09bb07)}
wx-picker,wx-label{cursor:pointer}
wx-picker{display:block}
wx-swiper{position:relative;height:150px;overflow:hidden;touch-action:pan-y}
wx-swiper-item{position:absolute;display:block;width:100%;height:100%;left:0;top:0;overflow:hidden;transition:transform var(--mp-duration,500ms) ease}
.mp-dots{position:absolute;left:0;right:0;bottom:10px;display:flex;gap:8px;justify-content:center;pointer-events:none;z-index:2}
.mp-dots i{width:8px;height:8px;border-radius:50%;background:var(--mp-dot,rgba(0,0,0,.3))}
.mp-dots i.mp-on{background:var(--mp-dot-on,#000)}
wx-video{display:inline-block;position:relative;width:300px;height:225px;background:#000}
wx-video>video{width:100%;height:100%}
wx-page-container{position:absolute;inset:0;z-index:90;display:none;pointer-events:none}
wx-page-container>*{pointer-events:auto}
wx-page-container[data-shown]{display:block}
.mp-container-overlay{position:absolute;inset:0;background:rgba(0,0,0,.5);z-index:-1}
wx-root-portal{display:contents}
wx-page-meta{display:contents}
.mp-refresher{display:flex;align-items:center;justify-content:center;height:0;overflow:hidden;transition:height .2s;color:#888}
.mp-refresher i{width:20px;height:20px;border:2px solid rgba(0,0,0,.2);border-top-color:#888;border-radius:50%;animation:mp-spin 1s linear infinite}
`
