f -1
f +x, 1
f - 1
a.f -1
f(1)(2)
a.b(1)(2).c
a.b
a.(1)
a."b c"(1)
a."b c"
A.{B, C.D}
__MODULE__.A.B
a.B.c
A."b"()
f a, b: 1, c: 2
f(a, b: 1) do 1 end
a.b c do 1 end
a[b][c]
@a[b]
unquote(f)(1)
&f/1
&A.f/2
&(&1 + &2)
&{&1, &2}
&+/2
Kernel.+(1, 2)
a |> b() |> c
x = if a, do: b, else: c
