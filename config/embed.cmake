# Writes the bytes of INPUT to OUTPUT as the elements of a C array.
#   cmake -DINPUT=FILE -DOUTPUT=FILE -P embed.cmake
file(READ ${INPUT} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1,\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "${bytes}")
