exec busybox sh script_for_busybox
