; The app notes at its first start that it opens cowork:// links; that goes with it.
!macro customUnInstall
  DeleteRegKey HKCU "Software\Classes\cowork"
!macroend
