# What cannot be an output.
cntr_add_step(outside HOST COMMAND true OUTPUTS /etc/out.txt ../up.txt
  OUTPUT_DIRECTORIES "${CMAKE_CURRENT_SOURCE_DIR}/dir" OPTIONAL_OUTPUTS "${CMAKE_BINARY_DIR}-2/x"
  STDOUT "${CMAKE_CURRENT_SOURCE_DIR}/log" STDERR /log)
cntr_add_step(private HOST COMMAND true OUTPUTS cntr/x.yaml OUTPUT_DIRECTORIES . STDERR cntr)
cntr_add_step(characters HOST COMMAND true
  OUTPUTS "" "a;b" "[a" "a]" "a\\b" "a#b" "a|b" "a\nb" "a	b" "a<b" "$<1:a>"
          "a$<SEMICOLON>" "fine: ' \$ % & é")
cntr_add_step(twice HOST COMMAND true OUTPUTS t.txt ./t.txt
  OPTIONAL_OUTPUTS "${CMAKE_CURRENT_BINARY_DIR}/t.txt")
cntr_add_step(nested HOST COMMAND true OUTPUTS n/a/b.txt OUTPUT_DIRECTORIES n n/c)
cntr_add_step(external HOST COMMAND true ALLOW_EXTERNAL
  OUTPUTS "${CMAKE_CURRENT_SOURCE_DIR}/e.txt" e2.txt)

cntr_add_step(first HOST COMMAND true OUTPUTS one.txt OUTPUT_DIRECTORIES dir
  OPTIONAL_OUTPUTS opt.txt
  STDOUT out.txt)
cntr_add_step(second HOST COMMAND true OUTPUTS one.txt dir/x/y.txt opt.txt out.txt)
cntr_add_step(third HOST COMMAND true OUTPUT_DIRECTORIES one.txt dir dir/x n2)
cntr_add_step(fourth HOST COMMAND true OUTPUTS n3/a.txt)
cntr_add_step(fifth HOST COMMAND true OUTPUT_DIRECTORIES n3)
cntr_add_step(first HOST COMMAND true OUTPUTS other.txt)
add_custom_target(taken)
cntr_add_step(taken HOST COMMAND true)
cntr_add_image(first ROOTFS rootfs.tar)
cntr_add_step(same-file HOST COMMAND true STDOUT same.txt STDERR same.txt OUTPUTS same.txt)
