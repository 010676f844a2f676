a not in b
not a in b
!a in b
(not a) in b
a..b
a..b//c
..
-1
+a
!!a
^a
not a and b or c
a when b
a <- b
a \\ b
a :: b | c
a | b | c
a = b = c
a ++ b -- c ++ d
a <> b <> c
a + b * c ** d
a - b - c
a == b and c != d
a && b || c
a |> b ~> c <~> d
a in b
a ^^^ b
a &&& b ||| c
a <<< b >>> c
@a b
@spec f(a) :: b when a: c
x
|> y
x =
  y
