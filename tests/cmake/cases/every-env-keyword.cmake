# Every keyword of cntr_add_env(), and steps in environments.
file(MAKE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/locks")
file(TOUCH "${CMAKE_CURRENT_SOURCE_DIR}/locks/a.txt" "${CMAKE_CURRENT_SOURCE_DIR}/pixi.lock"
     "${CMAKE_CURRENT_SOURCE_DIR}/rootfs.tar" "${CMAKE_CURRENT_SOURCE_DIR}/environment.yml"
     "${CMAKE_CURRENT_SOURCE_DIR}/requirements.txt")
cntr_add_mount(shared "${CMAKE_CURRENT_SOURCE_DIR}/locks")
cntr_add_env(pixi LOCK pixi.lock PLATFORM linux-64 LOCK_ENVIRONMENT test PREFIX /srv/env_1
  COMPRESSION zstd:19 LINK_SCRIPTS IGNORE)
cntr_add_env(conda-lock LOCK shared:a.txt LOCK_CATEGORIES main dev COMPRESSION xz)
cntr_add_step(solve HOST COMMAND true OUTPUTS made.lock)
cntr_add_env(made LOCK solve)
cntr_add_env(solved ENVIRONMENT environment.yml PLATFORM linux-aarch64)
set(CNTR_LOCKED ON)
set(CNTR_CONDA_INSTALLER ./Miniforge3.sh)
cntr_add_env(solved-as-asked ENVIRONMENT environment.yml REQUIREMENTS requirements.txt
  CHANNELS conda-forge https://host/channel SOLVER /opt/bin/micromamba PIN locks/tools.txt)
unset(CNTR_LOCKED)
cntr_add_image(box ROOTFS rootfs.tar)
cntr_add_step(alone ENV pixi COMMAND true)
cntr_add_step(on-host HOST ENV pixi COMMAND true)
cntr_add_step(in-image IMAGE box ENV made)
